//! What the operator says of the calls that fit a rule: who serves them, what they decide, and how much of them an
//! event may contain.
//!
//! A rule's `set` stands above what the caller and the answer say, and its `default` below. What it sets aside of
//! the caller's is told as claimed.

mod apply;
mod when;

use serde_json::value::RawValue;
use wildmatch::WildMatch;

use crate::event::{ContentPolicy, Members, RiskLevel};

pub(crate) use apply::Matched;
pub(crate) use when::Early;

/// The rules of a configuration.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// In the order in which they are looked at.
    pub list: Vec<Rule>,
    /// Which of those that fit apply.
    pub applies: Applies,
}

words! {
    /// Which of the rules that fit a call apply.
    #[derive(Default)]
    pub enum Applies {
        #[default]
        First "first" "The first alone.",
        All "all" "All of them; of each member, the first that has a value for it. Tags and metadata are added up.",
    }
}

/// What is said of the calls that fit.
#[derive(Debug, Clone)]
pub struct Rule {
    /// What events call it.
    pub name: String,
    /// Which calls fit.
    pub when: When,
    /// What counts whatever caller and answer say.
    pub set: Values,
    /// What counts where neither says anything.
    pub default: Values,
    /// How much of these calls an event may contain.
    pub content: Option<ContentPolicy>,
}

/// Which calls fit a rule: those of which each member that has patterns fits one of them.
#[derive(Debug, Clone, Default)]
pub struct When {
    /// The host that the client asked for, in lower case and without its port.
    pub host: Patterns,
    /// The path without the query.
    pub path: Patterns,
    /// The method.
    pub method: Patterns,
    /// The gateway's route.
    pub route: Patterns,
    /// The gateway's cluster.
    pub cluster: Patterns,
    /// The model that is asked for.
    pub model: Patterns,
    /// The wire format, by its name in events.
    pub format: Patterns,
    /// Who serves the model.
    pub provider: Patterns,
    /// Who makes the call.
    pub user_id: Patterns,
    /// The conversation that it belongs to.
    pub session_id: Patterns,
    /// Headers of the request by name, in lower case; one that is absent does not fit.
    pub headers: Vec<(String, Patterns)>,
}

impl Rules {
    /// The content levels that rules set.
    pub(crate) fn levels(&self) -> impl Iterator<Item = ContentPolicy> {
        self.list.iter().filter_map(|rule| rule.content)
    }
}

/// Texts with `*` for any run of characters and `?` for one.
#[derive(Debug, Clone, Default)]
pub struct Patterns(pub Vec<WildMatch>);

impl Patterns {
    /// Whether every text fits.
    fn fit_all(&self) -> bool {
        let is_any = |pattern: &WildMatch| pattern.to_string().bytes().all(|byte| byte == b'*');
        self.0.is_empty() || self.0.iter().any(is_any)
    }

    /// Whether a text fits one of them; everything fits if there are none.
    fn fit(&self, text: Option<&str>) -> bool {
        let text = text.unwrap_or_default();
        self.0.is_empty() || self.0.iter().any(|pattern| pattern.matches(text))
    }
}

/// Members of an event that a rule may give.
#[derive(Debug, Clone, Default)]
pub struct Values {
    /// `organization_id`.
    pub organization_id: Option<String>,
    /// `model_provider`.
    pub provider: Option<String>,
    /// `decision_type`.
    pub decision_type: Option<String>,
    /// `decision_outcome`.
    pub decision_outcome: Option<String>,
    /// `confidence_score`.
    pub confidence_score: Option<Box<RawValue>>,
    /// `reasoning`.
    pub reasoning: Option<String>,
    /// Added to `compliance_tags`.
    pub compliance_tags: Vec<String>,
    /// `risk_level`.
    pub risk_level: Option<RiskLevel>,
    /// Members of `metadata`.
    pub metadata: Members,
}
