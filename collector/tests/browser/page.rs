//! The page of a running program, and a person's hands and eyes on it.

use std::time::Duration;

use fantoccini::Locator;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use serde_json::{Value, json};

use crate::chromium::Chromium;
use crate::install;
use crate::program::{Folder, KEY, Program, until_async};

pub(crate) struct Page {
    pub(crate) browser: Chromium,
    pub(crate) program: Program,
}

impl Page {
    /// Opens the page of a new program, which asks for a key.
    pub(crate) async fn open() -> Self {
        Self::open_on(Program::start().await).await
    }

    pub(crate) async fn open_in(folder: &Folder) -> Self {
        Self::open_on(Program::start_with(folder, &[]).await).await
    }

    async fn open_on(program: Program) -> Self {
        let page = Self {
            browser: Chromium::start().await,
            program,
        };
        page.go("/").await;
        page.shows("#view-login").await;
        page
    }

    /// Opens the page of a new program that has these events, as somebody who has logged in.
    pub(crate) async fn with(events: &[Value]) -> Self {
        let page = Self::open().await;
        page.record(events).await;
        page.log_in(KEY).await;
        page.shows("#view-list").await;
        page.list_has_loaded().await;
        page
    }

    pub(crate) async fn record(&self, events: &[Value]) {
        for event in events {
            self.program.record(event).await;
        }
    }

    pub(crate) async fn log_in(&self, key: &str) {
        self.write("#key", key).await;
        self.click("#login button").await;
    }

    /// Loads an address of the page.
    pub(crate) async fn go(&self, address: &str) {
        let url = format!("{}{address}", self.program.base());
        self.browser.client.goto(&url).await.unwrap();
    }

    /// The address without its host.
    pub(crate) async fn address(&self) -> String {
        let url = self.browser.client.current_url().await.unwrap();
        url.as_str()
            .trim_start_matches(self.program.base())
            .to_owned()
    }

    /// The first such element, once there is one: what the page asks its server for comes later.
    async fn element(&self, selector: &str) -> Element {
        let wait = self.browser.client.wait().at_most(PATIENCE);
        let found = wait.for_element(Locator::Css(selector)).await;
        found.unwrap_or_else(|error| panic!("{selector}: {error}"))
    }

    pub(crate) async fn click(&self, selector: &str) {
        self.element(selector).await.click().await.unwrap();
    }

    /// Writes into a field, over what was there.
    pub(crate) async fn write(&self, selector: &str, text: &str) {
        let field = self.element(selector).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Chooses an option of a list.
    pub(crate) async fn choose(&self, selector: &str, value: &str) {
        let list = self.element(selector).await;
        list.select_by_value(value).await.unwrap();
    }

    /// Presses a key, wherever the focus is.
    pub(crate) async fn press(&self, key: impl Into<char>) {
        let value = key.into();
        let keys = KeyActions::new("keys".to_owned())
            .then(KeyAction::Down { value })
            .then(KeyAction::Up { value });
        self.browser.client.perform_actions(keys).await.unwrap();
    }

    pub(crate) async fn press_key(&self, key: Key) {
        let text = key.to_string();
        self.press(text.chars().next().unwrap()).await;
    }

    /// The value of a JavaScript expression.
    pub(crate) async fn value(&self, expression: &str) -> Value {
        let script = format!("return {expression}");
        let value = self.browser.client.execute(&script, Vec::new()).await;
        value.unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    /// Waits until a JavaScript expression is true.
    pub(crate) async fn holds(&self, what: &str, expression: &str) {
        until_async(what, async || self.value(expression).await == true).await;
    }

    /// Waits until an element is there and can be seen.
    pub(crate) async fn shows(&self, selector: &str) {
        let expression =
            format!("document.querySelector({selector:?})?.checkVisibility() === true");
        self.holds(&format!("{selector} is shown"), &expression)
            .await;
    }

    /// Waits until the list of events shows what it was asked for.
    pub(crate) async fn list_has_loaded(&self) {
        self.holds("the list has loaded", LIST_LOADED).await;
    }

    /// Waits until an element's text has these words.
    pub(crate) async fn says(&self, selector: &str, words: &str) {
        let expression = format!(
            "document.querySelector({selector:?})?.textContent.includes({}) === true",
            json!(words)
        );
        self.holds(&format!("{selector} says {words:?}"), &expression)
            .await;
    }

    /// The text of an element, as it is in the document.
    pub(crate) async fn text(&self, selector: &str) -> String {
        let expression = format!("document.querySelector({selector:?}).textContent");
        let text = self.value(&expression).await;
        text.as_str().unwrap().to_owned()
    }

    /// The texts of all elements.
    pub(crate) async fn texts(&self, selector: &str) -> Vec<String> {
        let expression =
            format!("[...document.querySelectorAll({selector:?})].map((node) => node.textContent)");
        serde_json::from_value(self.value(&expression).await).unwrap()
    }

    /// The first words of the prompts in the list.
    pub(crate) async fn prompts(&self) -> Vec<String> {
        self.texts("#rows .c-prompt .value").await
    }

    /// Waits until the list has these prompts, in this order.
    pub(crate) async fn lists(&self, prompts: &[&str]) {
        until_async("the list has the events", async || {
            self.prompts().await == prompts
        })
        .await;
    }

    /// Opens the event whose prompt is the list's `index`th.
    pub(crate) async fn open_event(&self, index: usize) {
        let selector = format!("#rows tr:nth-child({}) a.open", index + 1);
        self.click(&selector).await;
        self.shows("#event h2").await;
    }

    /// What the page looks like for people who want it dark or light.
    pub(crate) async fn scheme(&self, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        let parameters = json!({"features": features});
        self.browser
            .devtools("Emulation.setEmulatedMedia", parameters)
            .await;
    }

    /// A screen of this size, in CSS pixels.
    pub(crate) async fn screen(&self, width: u32, height: u32) {
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.browser
            .devtools("Emulation.setDeviceMetricsOverride", metrics)
            .await;
    }

    /// Keeps a picture of the screen for people to look at.
    pub(crate) async fn picture(&self, name: &str) {
        let at_rest = "document.getAnimations().every((one) => one.playState === 'finished')";
        self.holds("nothing moves", at_rest).await;
        let folder = install::target().join("screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        let png = self.browser.client.screenshot().await.unwrap();
        std::fs::write(folder.join(format!("{name}.png")), png).unwrap();
    }
}

/// How long a slow machine may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// The list shows rows, or says why there are none.
const LIST_LOADED: &str = "!document.querySelector('#list-message').textContent.startsWith('Loading')
    && (!document.querySelector('#events').hidden || !document.querySelector('#list-message').hidden)";
