//! `cargo demo`: a real LLM call through a real Envoy becomes a stored audit event.
//!
//! Starts the collector, a sample LLM and Envoy with the shipped configuration, makes a few calls,
//! shows the event recorded for each, and stays for the reader's own client.

mod arguments;
mod calls;
mod check;
mod follow;
mod guide;
mod progress;
mod report;
mod setup;

use std::collections::BTreeSet;
use std::process::ExitCode;

use anstream::eprintln;
use anyhow::Result;
use audit_layer_tests::stack::Stack;

use crate::arguments::Arguments;
use crate::calls::Exchange;
use crate::check::missing;
use crate::report::ERROR;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::read();
    // Ctrl-C ends the demo at any point, and drops what it has started.
    let result = tokio::select! {
        result = demo(&arguments) => result,
        _ = tokio::signal::ctrl_c() => Ok(ExitCode::SUCCESS),
    };
    result.unwrap_or_else(|error| {
        eprintln!("{ERROR}error:{ERROR:#} {error:#}");
        ExitCode::FAILURE
    })
}

async fn demo(arguments: &Arguments) -> Result<ExitCode> {
    let calls = arguments.calls()?;
    let stack = setup::start(arguments).await?;
    guide::introduce(&stack, arguments)?;
    // A database of an earlier visit has events already; they are not news.
    let mut shown = follow::stored(&stack).await?;
    let mut failures = 0;
    for (number, call) in calls.iter().enumerate() {
        let exchange = call.make(&stack.url()?).await?;
        failures += show(&stack, number + 1, &exchange, &mut shown).await;
    }
    if !arguments.once {
        guide::explain(&stack, arguments)?;
        follow::follow(&stack, shown).await?;
    }
    Ok(if failures == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Shows a call with its event; returns how much is wrong with them.
async fn show(
    stack: &Stack,
    number: usize,
    exchange: &Exchange,
    shown: &mut BTreeSet<String>,
) -> usize {
    report::call(number, exchange);
    let Some(id) = &exchange.request_id else {
        eprintln!("   {ERROR}the answer carries no x-audit-request-id{ERROR:#}");
        return 1;
    };
    match stack.event(id).await {
        Ok(event) => {
            report::event(&event);
            shown.insert(id.clone());
            let missing = missing(&event, exchange);
            for member in &missing {
                eprintln!("   {ERROR}{member}{ERROR:#}");
            }
            missing.len()
        }
        Err(error) => {
            eprintln!("   {ERROR}no event:{ERROR:#} {error:#}");
            1
        }
    }
}
