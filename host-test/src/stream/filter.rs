//! A stream at the plugin's place, and how the guest is asked about it.

use std::cell::RefCell;
use std::rc::Rc;

use crate::context::Asked;
use crate::instance::{Called, Instance};
use crate::profile::Profile;
use crate::settings::FailurePolicy;
use crate::step::{Action, Callback};
use crate::stream_state::{Side, StreamState};

/// A stream together with the VM that filters it.
#[derive(Clone)]
pub(crate) struct Filter {
    pub(crate) instance: Rc<Instance>,
    pub(crate) state: Rc<RefCell<StreamState>>,
}

/// Does with a stream what the guest asked for.
pub(crate) fn act(instance: &Rc<Instance>, state: Rc<RefCell<StreamState>>, asked: Asked) {
    let filter = Filter {
        instance: Rc::clone(instance),
        state,
    };
    match asked {
        Asked::Continue(side) => filter.resume(side),
        Asked::Close => filter.reset(),
        Asked::Reply(response) => filter.reply(response),
    }
}

impl Filter {
    pub(crate) fn profile<R>(&self, read: impl FnOnce(&Profile) -> R) -> R {
        read(&self.instance.world().borrow().profile)
    }

    pub(crate) fn blocked(&self, side: Side) -> bool {
        self.state.borrow().blocked(side)
    }

    /// Whether the guest is not asked: it does not know the stream, or is out of the way.
    pub(crate) fn unseen(&self, side: Side) -> bool {
        let state = self.state.borrow();
        state.bypassed || !state.created || (side == Side::Response && state.failed)
    }

    /// Makes the guest's context, when the request's headers come or at the latest for the log.
    pub(crate) fn create(&self) {
        let (id, root) = {
            let mut state = self.state.borrow_mut();
            if state.created || state.bypassed {
                return;
            }
            state.created = true;
            (state.id, state.root)
        };
        self.instance.call(id, "proxy_on_context_create", &[root]);
    }

    /// Asks the guest and gives the number that it returned: 0 if it has no such callback, the
    /// largest if the host stops whatever it returned, or the VM is dead.
    pub(crate) fn ask(&self, name: &'static str, size: usize, end_of_stream: Option<bool>) -> u32 {
        let id = self.state.borrow().id;
        let mut args = vec![u32::try_from(size).unwrap_or(u32::MAX)];
        args.extend(end_of_stream.map(u32::from));
        let called = self.instance.call_quietly(id, name, &args);
        let seen = match &called {
            Called::Returned { fuel, value, .. } => Some((*fuel, *value)),
            Called::Trapped { fuel } => Some((*fuel, None)),
            Called::Absent | Called::Dead => None,
        };
        if let Some((fuel, value)) = seen {
            let action = value.map(|value| match value {
                0 => Action::Continue,
                _ => Action::Pause,
            });
            let end_of_stream = end_of_stream.unwrap_or_default();
            let callback = Callback {
                name,
                size,
                end_of_stream,
                action,
                fuel,
            };
            self.state.borrow_mut().step.callbacks.push(callback);
        }
        let answer = match called {
            Called::Absent => 0,
            Called::Returned { stopped: true, .. } => STOP,
            Called::Returned { value, .. } => value.unwrap_or_default(),
            Called::Trapped { .. } | Called::Dead => self.failed(),
        };
        self.instance.run_deferred();
        answer
    }

    /// A stream whose VM is dead: goes on without it, or is answered 503 or cut.
    fn failed(&self) -> u32 {
        if self.instance.failure_policy() == FailurePolicy::Open {
            return 0;
        }
        let first = !std::mem::replace(&mut self.state.borrow_mut().failed, true);
        if first {
            self.reply_with(503, "");
        }
        STOP
    }
}

/// A number beyond all actions: the host takes it for the strongest way to stop.
const STOP: u32 = u32::MAX;
