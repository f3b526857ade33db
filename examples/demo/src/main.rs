//! `cargo demo`: a real LLM call through a real Envoy becomes a stored audit event.
//!
//! Starts the collector, a sample LLM and Envoy with the shipped configuration, makes a few calls,
//! shows the event recorded for each, and stays for the reader's own client.

mod arguments;
mod auditor;
mod calls;
mod check;
mod follow;
mod guide;
mod page;
mod progress;
mod report;
mod setup;

use std::collections::BTreeSet;
use std::process::ExitCode;

use anstream::eprintln;
use anyhow::Result;
use audit_layer_tests::stack::Stack;
use tokio::signal::ctrl_c;

use crate::arguments::Arguments;
use crate::calls::{Call, Exchange};
use crate::check::missing;
use crate::report::ERROR;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::read();
    demo(&arguments).await.unwrap_or_else(|error| {
        eprintln!("{ERROR}error:{ERROR:#} {error:#}");
        ExitCode::FAILURE
    })
}

async fn demo(arguments: &Arguments) -> Result<ExitCode> {
    let calls = arguments.calls()?;
    let stack = tokio::select! {
        started = setup::start(arguments) => started?,
        _ = ctrl_c() => return Ok(ExitCode::FAILURE),
    };
    let result = tokio::select! {
        shown = visit(&stack, arguments, &calls) => shown,
        _ = ctrl_c() => Ok(ExitCode::SUCCESS),
    };
    // In order and in peace, so that no event is lost on the way.
    stack.stop().await?;
    result
}

/// Shows everything there is to see, and stays unless that was not wanted.
async fn visit(stack: &Stack, arguments: &Arguments, calls: &[Call]) -> Result<ExitCode> {
    guide::introduce(stack, arguments)?;
    // A database of an earlier visit has events already; they are not news.
    let mut shown = follow::stored(stack).await?;
    let mut failures = 0;
    for (number, call) in calls.iter().enumerate() {
        let exchange = call.make(&stack.url()?).await?;
        failures += show(stack, number + 1, &exchange, &mut shown).await;
    }
    if !arguments.once {
        guide::explain(stack, arguments)?;
        follow::follow(stack, shown).await?;
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
            let missing = match auditor::open(&event).await {
                Ok(None) => missing(&event, exchange),
                Ok(Some(opened)) => {
                    report::opened(&opened);
                    let mut missing = missing(&opened, exchange);
                    missing.extend(check::readable(&event, exchange));
                    missing
                }
                Err(error) => vec![format!("the sealed event does not open: {error:#}")],
            };
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
