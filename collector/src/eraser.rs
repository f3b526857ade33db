//! The command `erase`: asks first, and says what it came to.

use std::process::ExitCode;

use audit_layer_collector::{Erased, count_erasable, erase};

use crate::MainError;
use crate::cli::EraseArgs;

/// Erases, or only counts while nobody has said yes.
pub(crate) async fn run(arguments: EraseArgs) -> Result<ExitCode, MainError> {
    let (path, is_certain) = (arguments.database.path.clone(), arguments.yes);
    let erasure = arguments.erasure();
    if !is_certain {
        let events = count_erasable(&path, &erasure).await?;
        eprintln!(
            "audit-layer: the content of {events} events would be erased for good: say so with --yes"
        );
        return Ok(ExitCode::FAILURE);
    }
    let Erased {
        events,
        held,
        log_is_clean,
    } = erase(&path, &erasure).await?;
    eprintln!("audit-layer: the content of {events} events is erased");
    if !log_is_clean {
        eprintln!(
            "audit-layer: the write-ahead log still has it, as somebody is reading: it goes when the collector stops, or run this again"
        );
    }
    if held > 0 {
        eprintln!(
            "audit-layer: {held} events are held and stay as they are: `audit-layer holds list` shows why"
        );
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
