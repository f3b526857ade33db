//! What runs where, and how the reader's own client comes in.

use anstream::println;
use anyhow::Result;
use audit_layer_tests::stack::Stack;

use crate::arguments::Arguments;
use crate::page;
use crate::report::{CODE, DIM, TITLE};

/// Says what runs where.
pub(crate) fn introduce(stack: &Stack, arguments: &Arguments) -> Result<()> {
    let collector = stack.collector.api().url();
    println!();
    place(
        "gateway",
        &stack.url()?,
        "Envoy with envoy/envoy.yaml and our plugin",
    );
    place(
        "collector",
        &collector,
        "the audit API; events in a database file",
    );
    match &arguments.upstream {
        Some(provider) => place("provider", &provider.to_string(), "with your own key"),
        None => {
            let sample = format!("http://{}", stack.sample.address());
            place(
                "model",
                &sample,
                "a sample LLM; nothing leaves this machine",
            );
        }
    }
    Ok(())
}

/// Says how to go on.
pub(crate) fn explain(stack: &Stack, arguments: &Arguments) -> Result<()> {
    let (gateway, api) = (stack.url()?, stack.collector.api());
    println!();
    println!(
        "{TITLE}Now your own client{TITLE:#}, in another terminal; change nothing in its code:"
    );
    code(&format!("export OPENAI_BASE_URL={gateway}/v1"));
    code(&format!("export ANTHROPIC_BASE_URL={gateway}"));
    match &arguments.upstream {
        Some(provider) => {
            println!(
                "   with {} as usual: it goes to {provider} and nowhere else.",
                provider.key_variable()
            );
        }
        None => println!(
            "   with any key. The model's name may be sample-tools, sample-fail-500, sample-slow …"
        ),
    }
    println!(
        "The recorded events, on a page for people; log in with {}:",
        api.key()
    );
    code(&api.page_address());
    page::offer(api.page_address());
    println!("and for programs:");
    code(&format!(
        "curl -H 'Authorization: Bearer {}' '{}/audit/logs?limit=5'",
        api.key(),
        api.url()
    ));
    let (database, log) = (stack.collector.database(), stack.envoy.log());
    println!("{DIM}They are in {}.", database.display());
    println!("Envoy's log is {}.{DIM:#}", log.display());
    println!();
    println!("Waiting for calls; Ctrl-C ends everything.");
    Ok(())
}

fn place(name: &str, url: &str, what: &str) {
    println!("{TITLE}{name:<10}{TITLE:#} {CODE}{url:<30}{CODE:#} {DIM}{what}{DIM:#}");
}

fn code(line: &str) {
    println!("   {CODE}{line}{CODE:#}");
}
