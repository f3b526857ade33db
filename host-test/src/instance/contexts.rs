//! The contexts of a running module: how roots and streams come and go, and the VM with them.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::{Called, Instance, Life};
use crate::callout::{Callout, Response};
use crate::context::{Asked, Context, RootContext, RootLife};
use crate::error::Error;
use crate::guest::Guest;
use crate::plugin::Plugin;
use crate::stream_state::StreamState;

impl Instance {
    /// Makes a root context; the first one of a VM starts the VM too.
    pub(crate) fn open_root(self: &Rc<Self>, plugin: &Plugin) -> Result<u32, Error> {
        let root = self.guest(|guest| {
            guest.configuration = Some(Rc::clone(&plugin.settings.configuration));
            guest.add_context(|_| Context::Root(RootContext::boxed(plugin.settings.clone())))
        });
        self.call(root, "proxy_on_context_create", &[0]);
        self.guest(|guest| guest.configuration = None);
        Ok(root)
    }

    pub(crate) fn start(self: &Rc<Self>, root: u32) -> Result<(), Error> {
        let size = self.guest(|guest| size(&guest.settings.vm_configuration));
        self.ask(root, "proxy_on_vm_start", size, Error::StartRefused)
    }

    pub(crate) fn configure(self: &Rc<Self>, root: u32, plugin: &Plugin) -> Result<(), Error> {
        let configuration = Rc::clone(&plugin.settings.configuration);
        let size = size(&configuration);
        self.guest(|guest| guest.configuration = Some(configuration));
        let answer = self.ask(
            root,
            "proxy_on_configure",
            size,
            Error::ConfigurationRefused,
        );
        self.guest(|guest| guest.configuration = None);
        answer
    }

    /// Asks for a yes; a missing callback is one.
    fn ask(
        self: &Rc<Self>,
        root: u32,
        name: &'static str,
        size: u32,
        refusal: Error,
    ) -> Result<(), Error> {
        let called = self.call_quietly(root, name, &[size]);
        self.run_deferred();
        match called {
            Called::Absent => Ok(()),
            Called::Returned { value, .. } if value != Some(0) => Ok(()),
            Called::Returned { .. } => Err(refusal),
            Called::Trapped { .. } | Called::Dead => {
                Err(self.trap().map_or(Error::NotAlive, Error::Trapped))
            }
        }
    }

    pub(crate) fn has_root(&self, root: u32) -> bool {
        self.guest(|guest| guest.root(root).is_some())
    }

    /// The period of a root context's timer, if it is still set as it was then.
    pub(crate) fn tick_period(&self, root: u32, arming: u32) -> Option<Duration> {
        self.guest(|guest| {
            guest
                .root(root)
                .filter(|root| root.arming == arming)?
                .tick_period
        })
    }

    /// Gives a root context the answer to its callout; no response is one without any header.
    pub(crate) fn answer_callout(self: &Rc<Self>, callout: &Callout, response: Option<Response>) {
        let Callout { root, token, .. } = *callout;
        let sizes = response.as_ref().map_or([0; 3], |response| {
            [
                response.headers.len(),
                response.body.len(),
                response.trailers.len(),
            ]
        });
        let [headers, body, trailers] = sizes.map(|size| u32::try_from(size).unwrap_or(u32::MAX));
        self.set_callout(root, response);
        self.call(
            root,
            "proxy_on_http_call_response",
            &[token, headers, body, trailers],
        );
        self.set_callout(root, None);
    }

    fn set_callout(&self, root: u32, response: Option<Response>) {
        self.guest(|guest| {
            if let Some(root) = guest.root_mut(root) {
                root.callout = response;
            }
        });
    }

    pub(crate) fn open_stream(&self, root: u32) -> Rc<RefCell<StreamState>> {
        self.guest(|guest| {
            if let Some(root) = guest.root_mut(root) {
                root.streams = root.streams.saturating_add(1);
            }
            let state = Rc::new(RefCell::new(StreamState {
                root,
                ..StreamState::default()
            }));
            let id = guest.add_context(|_| Context::Stream(Rc::clone(&state)));
            state.borrow_mut().id = id;
            state
        })
    }

    /// Forgets a stream; a root context that waited for its last stream goes on to end.
    pub(crate) fn delete_stream(self: &Rc<Self>, id: u32, root: u32) {
        let last = self.guest(|guest| {
            guest.contexts.remove(&id)?;
            let root = guest.root_mut(root)?;
            root.streams = root.streams.saturating_sub(1);
            Some(root.streams == 0 && root.life == RootLife::Retiring)
        });
        if last == Some(true) {
            self.end_root(root);
        }
    }

    pub(crate) fn root_life(&self, root: u32) -> RootLife {
        if !self.is_alive() {
            return RootLife::Ended;
        }
        self.guest(|guest| guest.root(root).map_or(RootLife::Ended, |root| root.life))
    }

    /// The root contexts of which nothing has been said yet, in their order.
    pub(crate) fn open_roots(&self) -> Vec<u32> {
        self.guest(|guest| {
            let roots = guest
                .contexts
                .iter()
                .filter_map(|(id, context)| match context {
                    Context::Root(root) if root.life == RootLife::Open => Some(*id),
                    _ => None,
                });
            roots.collect()
        })
    }

    pub(crate) fn streams(&self) -> Vec<Rc<RefCell<StreamState>>> {
        self.guest(|guest| {
            let streams = guest.contexts.values().filter_map(|context| match context {
                Context::Stream(state) => Some(Rc::clone(state)),
                Context::Root(_) => None,
            });
            streams.collect()
        })
    }

    /// A root context is no longer wanted: it ends now, or with its last stream.
    pub(crate) fn retire_root(self: &Rc<Self>, root: u32) {
        let idle = self.guest(|guest| {
            let root = guest
                .root_mut(root)
                .filter(|root| root.life == RootLife::Open)?;
            root.life = RootLife::Retiring;
            Some(root.streams == 0)
        });
        if idle == Some(true) {
            self.end_root(root);
        }
    }

    /// Asks a root context whether it is done, and deletes it if so.
    fn end_root(self: &Rc<Self>, root: u32) {
        let called = self.call_quietly(root, "proxy_on_done", &[]);
        self.guest(|guest| {
            if let Some(root) = guest.root_mut(root) {
                root.life = RootLife::Pending;
            }
        });
        self.run_deferred();
        if !matches!(called, Called::Returned { value: Some(0), .. }) {
            self.delete_root(root);
        }
        self.kill_if_retired();
    }

    pub(super) fn delete_root(self: &Rc<Self>, root: u32) {
        self.call(root, "proxy_on_delete", &[]);
        self.guest(|guest| guest.contexts.remove(&root));
        self.world
            .borrow_mut()
            .cancel(self.vm, self.generation, Some(root));
    }

    /// The VM is replaced or its listener removed: it is killed when its last stream has ended
    /// and its roots have been asked, whatever they answered.
    pub(crate) fn retire(self: &Rc<Self>) {
        self.retiring.set(true);
        for root in self.open_roots() {
            self.retire_root(root);
        }
        self.kill_if_retired();
    }

    fn kill_if_retired(self: &Rc<Self>) {
        let waiting = |guest: &mut Guest| {
            guest.contexts.values().any(|context| match context {
                Context::Root(root) => matches!(root.life, RootLife::Open | RootLife::Retiring),
                Context::Stream(_) => true,
            })
        };
        if self.retiring.get() && (!self.is_alive() || !self.guest(waiting)) {
            self.kill();
        }
    }

    /// The proxy stops: streams are cut, roots are asked, and the VM is killed.
    pub(crate) fn shut_down(self: &Rc<Self>) {
        for state in self.streams() {
            self.stream(state, Asked::Close);
        }
        self.retire();
        self.kill();
    }

    /// Ends the VM without a word; its callouts are canceled.
    pub(crate) fn kill(&self) {
        if self.is_gone() {
            return;
        }
        *self.life.borrow_mut() = Life::Gone;
        self.guest(|guest| guest.contexts.clear());
        let mut world = self.world.borrow_mut();
        world.cancel(self.vm, self.generation, None);
        world.shared.leave(&self.vm_id);
    }
}

fn size(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}
