//! Several configurations in one VM, each with an audit API, a key and an organization of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use proxy_wasm_host_test::{Callout, Cluster, Host, Outcome, Profile, Root, Vm};
use serde_json::{Value, json};

use crate::call::{ASK, OPENAI, OPENAI_ANSWER, own, whole_call};
use crate::proxy::{DeadLetter, plugin};

const TICK: Duration = Duration::from_millis(100);

/// Longer than the longest wait between two attempts.
const WHILE: Duration = Duration::from_secs(120);

/// A host with one VM, whose roots are tenants.
struct Shared {
    host: Host,
    vm: Vm,
}

/// The configuration of a tenant, who has a cluster, a key and an organization.
fn configuration(tenant: &str, delivery: &Value) -> String {
    json!({
        "organization_id": format!("org_{tenant}"),
        "audit_api": {
            "cluster": format!("sink_{tenant}"),
            "url": format!("http://{tenant}/v1"),
            "api_key": format!("key-of-{tenant}"),
        },
        "delivery": delivery,
    })
    .to_string()
}

fn batches() -> Value {
    json!({"batch": {"path": "/audit/log/batch"}})
}

impl Shared {
    /// A VM with its first tenant.
    fn new(tenant: &str) -> Result<(Self, Root)> {
        let host = Host::new(Profile::envoy());
        for tenant in ["a", "b", "c"] {
            host.set_cluster(&format!("sink_{tenant}"), up());
        }
        let vm = host.start(&plugin()?.configuration(configuration(tenant, &batches())))?;
        let root = vm.root();
        Ok((Self { host, vm }, root))
    }

    /// One more tenant beside the others.
    fn with(&self, tenant: &str) -> Result<Root> {
        Ok(self.vm.reconfigure(configuration(tenant, &batches()))?)
    }

    fn set_cluster(&self, tenant: &str, cluster: Cluster) {
        self.host.set_cluster(&format!("sink_{tenant}"), cluster);
    }

    /// The events that came to each audit API, by its tenant. Nothing went to another's, or with
    /// the key of another.
    fn arrived(&self) -> BTreeMap<String, Vec<Value>> {
        let mut arrived: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for callout in self.host.callouts() {
            let tenant = checked(&callout);
            arrived.entry(tenant).or_default().extend(events(&callout));
        }
        arrived
    }

    fn dead_letters(&self) -> Vec<DeadLetter> {
        let log = self.host.log_text(proxy_wasm_host_test::Level::Info);
        log.iter()
            .filter_map(|line| DeadLetter::read(line))
            .collect()
    }
}

fn up() -> Cluster {
    Cluster::always(Outcome::status(200))
}

fn down() -> Cluster {
    Cluster::always(Outcome::status(503))
}

fn call(root: &Root) {
    let stream = root.stream();
    whole_call(&stream, OPENAI, ASK.as_bytes(), OPENAI_ANSWER.as_bytes());
}

fn events(callout: &Callout) -> Vec<Value> {
    let lines = callout.body.split(|byte| *byte == b'\n');
    let lines = lines.filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_slice(line).expect("an event a line"))
        .collect()
}

/// The tenant to whose audit API a callout went, to which all of it has to belong.
fn checked(callout: &Callout) -> String {
    let tenant = callout.cluster.trim_start_matches("sink_");
    let key = format!("Bearer key-of-{tenant}");
    assert_eq!(callout.headers.text("authorization"), Some(&*key));
    assert_eq!(callout.headers.text(":authority"), Some(tenant));
    for event in events(callout) {
        assert_eq!(event["organization_id"], format!("org_{tenant}"));
    }
    tenant.to_owned()
}

/// The numbers of these events in the sequence of their one writer, without repeats.
fn sequence(events: &[Value]) -> (String, Vec<u64>) {
    let writer = own(&events[0], "/writer/id").as_str().unwrap().to_owned();
    assert!(
        events
            .iter()
            .all(|event| own(event, "/writer/id") == &*writer)
    );
    let numbers = events.iter().map(|event| own(event, "/writer/seq"));
    let mut numbers: Vec<u64> = numbers.filter_map(Value::as_u64).collect();
    numbers.sort_unstable();
    numbers.dedup();
    (writer, numbers)
}

#[test]
fn the_events_of_two_tenants_in_one_vm_never_cross() -> Result<()> {
    let (shared, a) = Shared::new("a")?;
    let b = shared.with("b")?;
    for number in 0..20 {
        call(if number % 2 == 0 { &a } else { &b });
        shared.host.advance(Duration::from_millis(37));
    }
    shared.host.advance(WHILE);
    let arrived = shared.arrived();
    let (writer_a, numbers_a) = sequence(&arrived["a"]);
    let (writer_b, numbers_b) = sequence(&arrived["b"]);
    let expected: Vec<u64> = (1..=10).collect();
    assert_eq!((&numbers_a, &numbers_b), (&expected, &expected));
    assert_ne!(writer_a, writer_b, "each sequence is whole by itself");
    Ok(())
}

#[test]
fn an_audit_api_that_is_down_holds_up_no_other_tenant() -> Result<()> {
    let (shared, a) = Shared::new("a")?;
    let b = shared.with("b")?;
    shared.set_cluster("a", down());
    shared.host.advance(TICK);
    for _ in 0..5 {
        call(&a);
        shared.host.advance(TICK * 10);
        call(&b);
        let before = shared.host.metrics()["audit_layer.events_delivered"];
        shared.host.advance(TICK * 5);
        let after = shared.host.metrics()["audit_layer.events_delivered"];
        assert_eq!(after, before + 1);
    }
    let metrics = shared.host.metrics();
    assert_eq!(metrics["audit_layer.queue_events"], 5);
    let of_each = |what: &str| {
        let own = metrics.iter().filter(|(name, _)| {
            name.starts_with("audit_layer.destination_") && name.ends_with(what)
        });
        let mut values: Vec<u64> = own.map(|(_, value)| *value).collect();
        values.sort_unstable();
        values
    };
    assert_eq!(of_each("_events_delivered"), [0, 5]);
    assert_eq!(of_each("_queue_events"), [0, 5]);
    Ok(())
}

#[test]
fn a_queue_that_is_full_costs_no_other_tenant_an_event() -> Result<()> {
    let (shared, a) = Shared::new("a")?;
    let small = json!({"batch": {"path": "/audit/log/batch"}, "queue": {"max_events": 2}});
    let b = shared.vm.reconfigure(configuration("b", &small))?;
    shared.set_cluster("a", down());
    shared.set_cluster("b", down());
    for _ in 0..5 {
        call(&a);
        call(&b);
    }
    let dead = shared.dead_letters();
    assert_eq!(dead.len(), 3);
    assert!(
        dead.iter()
            .all(|letter| letter.event["organization_id"] == "org_b")
    );
    assert_eq!(shared.host.metrics()["audit_layer.queue_events"], 7);
    Ok(())
}

#[test]
fn dead_letters_are_by_the_key_of_their_own_tenant() -> Result<()> {
    let own_key = json!({"batch": {"path": "/audit/log/batch"}, "dead_letter": {"key": "letters"}});
    let (shared, a) = Shared::new("a")?;
    let b = shared.with("b")?;
    let c = shared.vm.reconfigure(configuration("c", &own_key))?;
    for (root, tenant) in [(&a, "a"), (&b, "b"), (&c, "c")] {
        shared.set_cluster(tenant, down());
        call(root);
    }
    // What one tenant left another root gives up in the end, and still by the key of its own.
    b.retire();
    shared.host.stop();
    let dead = shared.dead_letters();
    assert_eq!(dead.len(), 3);
    let secrets = ["key-of-a", "key-of-b", "letters", "key-of-c"];
    for letter in dead {
        let by = secrets.map(|secret| letter.is_by(secret));
        let expected = match letter.event["organization_id"].as_str() {
            Some("org_a") => [true, false, false, false],
            Some("org_b") => [false, true, false, false],
            _ => [false, false, true, false],
        };
        assert_eq!(by, expected, "{}", letter.event["organization_id"]);
    }
    Ok(())
}

#[test]
fn without_any_key_dead_letters_prove_nothing() -> Result<()> {
    let configuration = configuration("a", &batches()).replace("key-of-a", "");
    let host = Host::new(Profile::envoy());
    host.set_cluster("sink_a", down());
    let vm = host.start(&plugin()?.configuration(configuration))?;
    let shared = Shared { host, vm };
    call(&shared.vm.root());
    shared.host.stop();
    let dead = shared.dead_letters();
    assert_eq!(dead.len(), 1);
    assert!(!dead[0].has_mac());
    Ok(())
}

#[test]
fn what_a_changed_configuration_left_goes_where_it_belongs() -> Result<()> {
    let (shared, a) = Shared::new("a")?;
    let b = shared.with("b")?;
    shared.set_cluster("b", down());
    shared.host.advance(TICK);
    let late = b.stream();
    for _ in 0..3 {
        call(&a);
        call(&b);
    }
    shared.host.advance(TICK * 10);
    let c = shared.with("c")?;
    b.retire();
    call(&c);
    whole_call(&late, OPENAI, ASK.as_bytes(), OPENAI_ANSWER.as_bytes());
    shared.host.advance(TICK * 10);
    shared.set_cluster("b", up());
    shared.host.advance(WHILE);
    let arrived = shared.arrived();
    assert_eq!(sequence(&arrived["a"]).1, [1, 2, 3]);
    assert_eq!(sequence(&arrived["b"]).1, [1, 2, 3, 4]);
    assert_eq!(sequence(&arrived["c"]).1, [1]);
    assert!(shared.dead_letters().is_empty());
    assert_eq!(shared.host.metrics()["audit_layer.queue_events"], 0);
    Ok(())
}

#[test]
fn the_end_of_one_tenant_ends_no_other() -> Result<()> {
    let (shared, a) = Shared::new("a")?;
    let b = shared.with("b")?;
    shared.set_cluster("a", down());
    shared.host.advance(TICK);
    call(&a);
    a.retire();
    call(&b);
    shared.host.advance(TICK * 10);
    assert_eq!(sequence(&shared.arrived()["b"]).1, [1]);
    shared.set_cluster("b", down());
    call(&b);
    shared.host.stop();
    let dead = shared.dead_letters();
    let mut of: Vec<_> = dead
        .iter()
        .map(|letter| letter.event["organization_id"].as_str().unwrap())
        .collect();
    of.sort_unstable();
    assert_eq!(of, ["org_a", "org_b"], "what both left is in the log");
    shared.arrived();
    Ok(())
}

#[test]
fn a_vm_takes_over_what_its_predecessor_held_for_the_same_key_only() -> Result<()> {
    let (shared, a) = Shared::new("a")?;
    let b = shared.with("b")?;
    shared.set_cluster("a", down());
    shared.set_cluster("b", down());
    shared.host.advance(TICK);
    call(&a);
    call(&b);
    let other_key = configuration("a", &batches()).replace("key-of-a", "key-of-nobody");
    let release = |number: &str| -> Result<_> {
        let plugin = plugin()?.environment("RELEASE", number);
        Ok(plugin)
    };
    shared.vm.replace(&release("2")?.configuration(other_key))?;
    let next = release("3")?.configuration(configuration("b", &batches()));
    shared.host.start(&next)?;
    shared.set_cluster("a", up());
    shared.set_cluster("b", up());
    shared.host.advance(WHILE);
    assert_eq!(shared.host.metrics()["audit_layer.events_handed_over"], 2);
    assert_eq!(shared.host.metrics()["audit_layer.events_taken_over"], 1);
    assert_eq!(shared.dead_letters().len(), 2);
    let arrived = shared.arrived();
    assert_eq!(arrived["b"].last().unwrap()["organization_id"], "org_b");
    assert_eq!(shared.host.metrics()["audit_layer.events_delivered"], 1);
    Ok(())
}

#[test]
fn destinations_that_no_configuration_has_are_given_up_when_they_are_too_many() -> Result<()> {
    let (shared, mut root) = Shared::new("a")?;
    shared.set_cluster("a", down());
    for number in 0..12 {
        call(&root);
        let other = format!("/w{number}");
        let next = configuration("a", &batches()).replace("/v1", &other);
        let next = shared.vm.reconfigure(next)?;
        root.retire();
        root = next;
    }
    let dead = shared.dead_letters();
    assert_eq!(dead.len(), 4, "the oldest of twelve but eight");
    assert_eq!(shared.host.metrics()["audit_layer.queue_events"], 8);
    Ok(())
}
