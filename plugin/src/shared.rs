//! The outboxes of a VM, one for each destination, which all its root contexts and streams share.
//!
//! They outlive a change of the plugin's configuration, when an old and a new root live in the same
//! VM. Any root sends what waits in any of them, each with the address and key of its own
//! destination. No borrow spans a host call, since the host may call back.

use std::cell::RefCell;
use std::mem;
use std::sync::Arc;

use audit_layer_core::destination::Destination;
use audit_layer_core::limits::DESTINATIONS_LEFT_MAX;
use audit_layer_core::outbox::{Batch, DeadLetter, Outbox};
use audit_layer_core::policy::Policy;
use audit_layer_core::time::Timestamp;

use crate::hold::{Hold, Holds};
use crate::host;
use crate::redirects::Redirects;
use crate::telemetry::Telemetry;

struct Shared {
    posts: Vec<Post>,
    vm_id: String,
    roots: usize,
    /// The queue by which streams wake a root; absent where the host has none.
    wake: Option<u32>,
    /// Whether a root has been woken and has not come yet.
    is_woken: bool,
    holds: Holds,
    redirects: Redirects,
    /// Until when it has been told that this VM is alive.
    told_alive: Option<Timestamp>,
}

/// What goes to one destination.
struct Post {
    outbox: Outbox,
    telemetry: Telemetry,
    /// How it goes: the newest configuration with this destination.
    policy: Arc<Policy>,
    /// Root contexts whose configuration has this destination. Without one it only ends.
    roots: usize,
    /// The queue of those VMs that deliver to the same destination.
    handover: Option<u32>,
    /// The status with which the audit API denies what is sent, once that has been told.
    denied: Option<u16>,
}

/// Events that nobody in this VM will deliver.
pub(crate) struct Left {
    dead: Vec<DeadLetter>,
    telemetry: Telemetry,
    policy: Arc<Policy>,
    /// Where another VM may take them over.
    handover: Option<u32>,
}

thread_local! {
    static SHARED: RefCell<Option<Shared>> = const { RefCell::new(None) };
}

/// A root begins to use the outbox of its destination; the first one makes it. Gives the writer id.
pub(crate) fn join(policy: &Arc<Policy>) -> String {
    if with(|_| ()).is_none() {
        let shared = Shared {
            posts: Vec::new(),
            vm_id: random_id(),
            roots: 0,
            wake: None,
            is_woken: false,
            holds: Holds::default(),
            redirects: Redirects::default(),
            told_alive: None,
        };
        SHARED.with_borrow_mut(|slot| *slot = Some(shared));
    }
    open(policy);
    with(|shared| {
        shared.roots = shared.roots.saturating_add(1);
        let post = shared.post(&policy.destination)?;
        post.roots = post.roots.saturating_add(1);
        post.policy = Arc::clone(policy);
        Some(post.outbox.writer_id().to_owned())
    })
    .flatten()
    .unwrap_or_default()
}

/// A root stops using the outbox of its destination. While there are other roots, they deliver what
/// waits in it; gives what nobody will deliver.
pub(crate) fn leave(destination: &Destination) -> Vec<Left> {
    let posts = with(|shared| {
        shared.roots = shared.roots.saturating_sub(1);
        if let Some(post) = shared.post(destination) {
            post.roots = post.roots.saturating_sub(1);
        }
        shared.forget();
        shared.take_undeliverable()
    });
    let posts = posts.unwrap_or_default().into_iter();
    posts.map(Post::drain).collect()
}

/// What streams recorded after the last root was gone.
pub(crate) fn deserted() -> Vec<Left> {
    let posts = with(|shared| match shared.roots {
        0 => mem::take(&mut shared.posts),
        _ => Vec::new(),
    });
    let posts = posts.unwrap_or_default().into_iter();
    posts.map(Post::drain).collect()
}

/// A name of this VM among all.
pub(crate) fn vm_id() -> String {
    with(|shared| shared.vm_id.clone()).unwrap_or_default()
}

/// From now on a root is woken by this queue.
pub(crate) fn set_wake(queue: Option<u32>) {
    with(|shared| (shared.wake, shared.is_woken) = (queue, false));
}

/// By this queue the events of a destination go to other VMs.
pub(crate) fn set_handover(destination: &Destination, queue: Option<u32>) {
    with(|shared| {
        if let Some(post) = shared.post(destination) {
            post.handover = queue;
        }
    });
}

/// Whether a destination denied what is sent with another status before, if it denied it.
pub(crate) fn is_news(destination: &Destination, denied: Option<u16>) -> bool {
    let is_news = with(|shared| {
        let post = shared.post(destination)?;
        Some(mem::replace(&mut post.denied, denied) != denied)
    });
    is_news.flatten() == Some(true)
}

/// A root has come: it sends what is due, and may be woken again.
pub(crate) fn woken() {
    with(|shared| shared.is_woken = false);
}

/// Calls for a root, since something is due and streams never send. Where this does not work, the
/// next tick does.
pub(crate) fn wake() {
    let queue = with(|shared| {
        let queue = shared.wake.filter(|_| !shared.is_woken);
        shared.is_woken = true;
        queue
    });
    if let Some(queue) = queue.flatten() {
        host::enqueue(queue, b"1");
    }
}

/// Uses the calls that wait. `f` must not call the host.
pub(crate) fn holds<T>(f: impl FnOnce(&mut Holds) -> T) -> Option<T> {
    with(|shared| f(&mut shared.holds))
}

/// Uses the calls between two passes. `f` must not call the host.
pub(crate) fn redirects<T>(f: impl FnOnce(&mut Redirects) -> T) -> Option<T> {
    with(|shared| f(&mut shared.redirects))
}

/// The VM's metrics.
pub(crate) fn telemetry() -> Option<Telemetry> {
    with(|shared| Some(shared.posts.first()?.telemetry)).flatten()
}

/// Whole seconds since this was asked last, which is never for more than a tick.
pub(crate) fn seconds_alive(now: Timestamp) -> u64 {
    let seconds = with(|shared| {
        let told = *shared.told_alive.get_or_insert(now);
        let seconds = now.ms_since(told).div_euclid(1_000);
        shared.told_alive = Some(match told.ms_since(now) {
            // A clock that was set back.
            1.. => now,
            0 => told.plus_ms(seconds.saturating_mul(1_000)),
        });
        seconds
    });
    seconds.unwrap_or_default()
}

/// The calls whose answer waits in vain.
pub(crate) fn take_refused(now: Timestamp) -> Option<(Vec<Hold>, Telemetry)> {
    with(|shared| {
        let telemetry = shared.posts.first()?.telemetry;
        Some((shared.holds.take_refused(now), telemetry))
    })
    .flatten()
}

/// The next batch that is due to any destination, and how it goes there.
pub(crate) fn poll(now: Timestamp) -> Option<(Arc<Policy>, Batch)> {
    with(|shared| {
        shared.forget();
        shared.posts.iter_mut().find_map(|post| {
            let batch = post.outbox.poll(&post.policy.delivery, now)?;
            Some((Arc::clone(&post.policy), batch))
        })
    })
    .flatten()
}

/// Uses the outbox of a configuration's destination, and reports how its size changed. `f` must not
/// call the host.
pub(crate) fn outbox<T>(
    policy: &Arc<Policy>,
    f: impl FnOnce(&mut Outbox) -> T,
) -> Option<(T, Telemetry)> {
    // A stream may outlive the root that it came with.
    open(policy);
    let (result, telemetry, before, after) = with(|shared| {
        let post = shared.post(&policy.destination)?;
        let before = size(&post.outbox);
        let result = f(&mut post.outbox);
        Some((result, post.telemetry, before, size(&post.outbox)))
    })
    .flatten()?;
    telemetry.queue(before, after);
    Some((result, telemetry))
}

/// Makes the outbox of a configuration's destination, unless there is one.
fn open(policy: &Arc<Policy>) {
    if with(|shared| shared.post(&policy.destination).is_some()) != Some(false) {
        return;
    }
    let seed = u64::from_le_bytes(host::entropy());
    let outbox = Outbox::new(policy.destination.clone(), random_id(), seed);
    let post = Post {
        outbox,
        telemetry: Telemetry::define(&policy.destination),
        policy: Arc::clone(policy),
        roots: 0,
        handover: None,
        denied: None,
    };
    with(|shared| shared.posts.push(post));
}

impl Shared {
    fn post(&mut self, destination: &Destination) -> Option<&mut Post> {
        let mut posts = self.posts.iter_mut();
        posts.find(|post| post.outbox.destination() == destination)
    }

    /// Lets go of destinations that no root has any more and for which nothing waits.
    fn forget(&mut self) {
        let is_used = |post: &Post| post.roots > 0 || post.outbox.depth() > 0;
        if !self.posts.iter().all(is_used) {
            self.posts.retain(is_used);
        }
    }

    /// Takes out what no root will deliver: everything after the last root; else the oldest of those
    /// destinations that have lost their roots, where they are too many.
    fn take_undeliverable(&mut self) -> Vec<Post> {
        if self.roots == 0 {
            return mem::take(&mut self.posts);
        }
        let left = self.posts.iter().filter(|post| post.roots == 0).count();
        let mut over = left.saturating_sub(DESTINATIONS_LEFT_MAX);
        let is_over = |post: &mut Post| {
            let is_over = post.roots == 0 && over > 0;
            over = over.saturating_sub(usize::from(is_over));
            is_over
        };
        self.posts.extract_if(.., is_over).collect()
    }
}

impl Left {
    /// Writes the events to the log, and gives them to the VM that comes after this one. Whether one
    /// does cannot be known here. If so, the log has these events as well; their ids make that
    /// harmless.
    pub(crate) fn give_up(mut self) {
        self.telemetry.dead_letters(&mut self.dead, &self.policy);
        let Some(queue) = self.handover else { return };
        let is_taken = |event: &&DeadLetter| host::enqueue(queue, event.parcel().as_bytes());
        let taken = self.dead.iter().filter(is_taken).count();
        self.telemetry.handed_over(taken);
    }
}

impl Post {
    fn drain(mut self) -> Left {
        let before = size(&self.outbox);
        let dead = self.outbox.drain("shutdown");
        self.telemetry.queue(before, size(&self.outbox));
        Left {
            dead,
            telemetry: self.telemetry,
            policy: self.policy,
            handover: self.handover,
        }
    }
}

fn size(outbox: &Outbox) -> [usize; 2] {
    [outbox.depth(), outbox.bytes()]
}

fn with<T>(f: impl FnOnce(&mut Shared) -> T) -> Option<T> {
    SHARED.with(|slot| slot.try_borrow_mut().ok()?.as_mut().map(f))
}

fn random_id() -> String {
    let bytes = host::entropy::<8>();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
