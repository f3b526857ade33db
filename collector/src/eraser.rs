//! The command `erase`: asks first, and says what it came to.

use std::process::ExitCode;

use audit_layer_collector::{Erased, Left, count_erasable, erase};

use crate::MainError;
use crate::cli::EraseArgs;

/// Erases, or only counts while nobody has said yes.
pub(crate) async fn run(arguments: EraseArgs) -> Result<ExitCode, MainError> {
    let (database, is_certain) = (arguments.database.database()?, arguments.yes);
    let erasure = arguments.erasure();
    if !is_certain {
        let events = count_erasable(&database, &erasure).await?;
        eprintln!(
            "audit-layer: the content of {events} events would be erased for good: say so with --yes"
        );
        return Ok(ExitCode::FAILURE);
    }
    let Erased {
        events,
        held,
        reports,
        left,
    } = erase(&database, &erasure).await?;
    eprintln!("audit-layer: the content of {events} events is erased");
    if reports > 0 {
        eprintln!("audit-layer: {reports} reports that showed it are removed");
    }
    match left {
        Left::FilesOfServer => eprintln!(
            "audit-layer: the server's files have it until their space is used again: VACUUM (FULL) events; writes them anew"
        ),
        Left::Log => eprintln!(
            "audit-layer: the write-ahead log still has it, as somebody is reading: it goes when the collector stops, or run this again"
        ),
        Left::Nowhere => {}
    }
    if held > 0 {
        eprintln!(
            "audit-layer: {held} events are held and stay as they are: `audit-layer holds list` shows why"
        );
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
