//! Whether a call fits a rule.

use super::{Applies, Matched, Patterns, Rule, Rules, When};
use crate::api;
use crate::event::AuditEvent;
use crate::headers::{Headers, text};
use crate::provider;

/// Of which rules the headers of a call fit, told when it begins.
#[derive(Debug, Clone, Default)]
pub(crate) struct Early(Vec<bool>);

impl Early {
    pub(crate) fn read(rules: &Rules, headers: Headers<'_>) -> Self {
        let fits = |rule: &Rule| rule.when.headers.iter().all(|wanted| fits(wanted, headers));
        Self(rules.list.iter().map(fits).collect())
    }
}

fn fits((name, patterns): &(String, Patterns), headers: Headers<'_>) -> bool {
    let mut values = headers.all(name);
    values.any(|value| patterns.fit(Some(&text(value.trim_ascii()))))
}

impl Rules {
    /// The rules that apply to the call of an event, in their order.
    pub(crate) fn matching<'r>(&'r self, early: &Early, event: &AuditEvent) -> Matched<'r> {
        let fitting = self.list.iter().zip(&early.0);
        let fitting = fitting.filter(|(rule, is_early)| **is_early && rule.when.fits(event));
        let fitting = fitting.map(|(rule, _)| rule);
        Matched(match self.applies {
            Applies::First => fitting.take(1).collect(),
            Applies::All => fitting.collect(),
        })
    }
}

/// Whether a path fits as it came, or as a server reads it: a slash more must not lead past a rule.
fn fits_path(patterns: &Patterns, path: &str) -> bool {
    patterns.fit(Some(path))
        || api::path_readings(path)
            .iter()
            .any(|reading| patterns.fit(Some(reading)))
}

impl When {
    /// Whether it matters by which route a request goes to which cluster.
    pub(crate) fn asks_destination(&self) -> bool {
        !self.route.0.is_empty() || !self.cluster.0.is_empty()
    }

    /// Whether every call fits.
    pub(crate) fn is_for_all(&self) -> bool {
        let Self {
            host,
            path,
            method,
            route,
            cluster,
            model,
            format,
            provider,
            user_id,
            session_id,
            headers,
        } = self;
        let of_call = [host, path, method, route, cluster];
        let of_event = [model, format, provider, user_id, session_id];
        let mut all = of_call.into_iter().chain(of_event);
        headers.is_empty() && all.all(Patterns::fit_all)
    }

    fn fits(&self, event: &AuditEvent) -> bool {
        let Self {
            host,
            path,
            method,
            route,
            cluster,
            model,
            format,
            provider,
            user_id,
            session_id,
            // They are gone by now.
            headers: _,
        } = self;
        let layer = &event.metadata.audit_layer;
        let gateway = &layer.gateway;
        let asked = provider::host(gateway.host.as_deref().unwrap_or_default());
        host.fit(Some(&asked))
            && fits_path(path, gateway.path.as_deref().unwrap_or_default())
            && method.fit(gateway.method.as_deref())
            && route.fit(gateway.route.as_deref())
            && cluster.fit(gateway.cluster.as_deref())
            && model.fit(Some(&event.model_name))
            && format.fit(Some(layer.capture.api))
            && provider.fit(Some(&event.model_provider))
            && user_id.fit(Some(&event.user_id))
            && session_id.fit(event.session_id.as_deref())
    }
}
