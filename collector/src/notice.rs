//! What `serve` tells those who started it: sentences for people, or lines of the log for programs.

use tracing::{info, warn};

use crate::cli::LogFormat;

impl LogFormat {
    pub(crate) fn tell(self, sentence: &str) {
        match self {
            Self::Text => eprintln!("audit-layer: {sentence}"),
            Self::Json => info!("{sentence}"),
        }
    }

    pub(crate) fn warn(self, sentence: &str) {
        match self {
            Self::Text => eprintln!("audit-layer: warning: {sentence}"),
            Self::Json => warn!("{sentence}"),
        }
    }
}
