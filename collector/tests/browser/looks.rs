//! How the page looks, in pictures for people and by rules for everybody.

use crate::axe;
use crate::page::Page;
use crate::program::KEY;
use crate::story;

/// Nothing is cut off at the side, or has to be scrolled to.
const FITS: &str = "document.documentElement.scrollWidth <= document.documentElement.clientWidth";

const VIEWS: [(&str, &str, &str); 4] = [
    ("list", "/", "#rows tr"),
    (
        "event",
        "/?event=01a208f6-3b5e-759a-9401-ccf03e07e089",
        "#event h2",
    ),
    ("completeness", "/?view=completeness", ".verdict"),
    ("history", "/?view=history", "#history tbody tr"),
];

#[tokio::test]
async fn every_view_can_be_used_by_everybody_in_both_schemes_and_on_small_screens() {
    let page = Page::open().await;
    for scheme in ["light", "dark"] {
        page.scheme(scheme).await;
        axe::check(&page, &format!("login, {scheme}")).await;
        page.picture(&format!("login-{scheme}")).await;
    }
    page.record(&story::events()).await;
    page.log_in(KEY).await;
    page.shows("#rows tr").await;
    for (view, address, sign) in VIEWS {
        page.go(address).await;
        page.shows(sign).await;
        for scheme in ["light", "dark"] {
            page.scheme(scheme).await;
            for (width, height, size) in [
                (1440, 900, ""),
                (820, 1180, "-medium"),
                (360, 740, "-narrow"),
            ] {
                page.screen(width, height).await;
                let name = format!("{view}-{scheme}{size}");
                page.holds(&format!("{name} fits"), FITS).await;
                axe::check(&page, &name).await;
                page.picture(&name).await;
                let height = page.value("document.documentElement.scrollHeight").await;
                let height = u32::try_from(height.as_u64().unwrap()).unwrap();
                page.screen(width, height.clamp(1, 6000)).await;
                page.picture(&format!("{name}-whole")).await;
            }
        }
    }
}

#[tokio::test]
async fn the_dark_scheme_is_dark_and_the_light_one_light() {
    let page = Page::open().await;
    let ground = "getComputedStyle(document.body).backgroundColor";
    page.scheme("light").await;
    assert_eq!(page.value(ground).await, "rgb(245, 246, 248)");
    page.scheme("dark").await;
    assert_eq!(page.value(ground).await, "rgb(17, 21, 27)");
}

#[tokio::test]
async fn help_and_errors_can_be_used_by_everybody() {
    let page = Page::with(&story::events()).await;
    page.click("#more summary").await;
    page.write("#f-text", "---").await;
    page.click("#filters button.primary").await;
    page.says("#filters-error", "must contain a letter").await;
    for scheme in ["light", "dark"] {
        page.scheme(scheme).await;
        axe::check(&page, &format!("error, {scheme}")).await;
        page.picture(&format!("error-{scheme}")).await;
        page.click("#help-open").await;
        axe::check(&page, &format!("help, {scheme}")).await;
        page.picture(&format!("help-{scheme}")).await;
        page.click("#help button").await;
    }
}
