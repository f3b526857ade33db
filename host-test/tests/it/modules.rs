//! Modules that do not load, or call what they may not.

use anyhow::Result;
use proxy_wasm_host_test::{Error, Host, Plugin};

use crate::setup::{REQUEST, module};

const FRAME: &str = r#"
    (memory (export "memory") 1)
    (func (export "proxy_abi_version_0_2_1"))
    (func (export "malloc") (param i32) (result i32) i32.const 1024)"#;

fn start(text: &str) -> Result<(), Error> {
    let module = module(&format!("(module {text})")).map_err(|error| match error.downcast() {
        Ok(error) => error,
        Err(error) => Error::Trapped(error.to_string()),
    })?;
    Host::default().start(&Plugin::new(&module)).map(drop)
}

fn refusal(text: &str) -> String {
    start(text)
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default()
}

#[test]
fn a_module_needs_a_version_of_the_abi_and_an_allocator() {
    let missing = refusal(r#"(func (export "malloc"))"#);
    assert_eq!(missing, "module: missing or unknown proxy-wasm ABI version");
    let missing = refusal(r#"(func (export "proxy_abi_version_0_2_1"))"#);
    assert_eq!(
        missing,
        "module: missing malloc or proxy_on_memory_allocate"
    );
}

#[test]
fn a_module_that_is_none_is_refused() {
    let refused = crate::setup::engine().map(|engine| engine.module(b"no module").is_err());
    assert!(matches!(refused, Ok(true)));
}

#[test]
fn calling_an_unknown_import_traps_with_its_name() {
    let imports = r#"
        (import "env" "proxy_grpc_call" (func))
        (import "wasi_snapshot_preview1" "sock_send" (func))"#;
    let calls = |function: u32| {
        format!(
            "{imports} {FRAME} (func (export \"proxy_on_vm_start\") (param i32 i32) (result i32) call {function} i32.const 1)"
        )
    };
    assert!(
        refusal(&calls(0)).contains("env::proxy_grpc_call"),
        "{}",
        refusal(&calls(0))
    );
    assert!(refusal(&calls(1)).contains("wasi_snapshot_preview1::sock_send"));
}

#[test]
fn an_import_that_is_never_called_does_no_harm() {
    assert_eq!(
        refusal(&format!(
            r#"(import "env" "proxy_unheard_of" (func)) {FRAME}"#
        )),
        ""
    );
}

#[test]
fn host_calls_before_the_vm_starts_are_refused_but_for_logs() {
    let initialize = |import: &str, arguments: &str| {
        format!(
            r#"(import "env" "{import}" (func $call (param {}) (result i32))) {FRAME}
            (func (export "_initialize") {arguments} call $call drop)"#,
            "i32 ".repeat(arguments.matches("const").count())
        )
    };
    let one = "i32.const 0";
    let refused = refusal(&initialize("proxy_set_tick_period_milliseconds", one));
    assert!(
        refused.contains("restricted host function proxy_set_tick_period"),
        "{refused}"
    );
    let three = "i32.const 0 i32.const 0 i32.const 0";
    assert_eq!(refusal(&initialize("proxy_log", three)), "");
}

#[test]
fn host_calls_inside_the_allocator_are_refused() {
    let text = r#"
        (import "env" "proxy_set_tick_period_milliseconds" (func $tick (param i32) (result i32)))
        (import "env" "proxy_get_property"
            (func $property (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "plugin_name")
        (func (export "proxy_abi_version_0_2_1"))
        (func (export "malloc") (param i32) (result i32)
            (drop (call $tick (i32.const 10))) i32.const 1024)
        (func (export "proxy_on_vm_start") (param i32 i32) (result i32)
            (drop (call $property (i32.const 0) (i32.const 11) (i32.const 16) (i32.const 20)))
            i32.const 1)"#;
    let started = module(&format!("(module {text})")).map(|module| {
        Host::default()
            .start(&Plugin::new(&module).name("mine"))
            .map(drop)
    });
    let refused = started.map(|started| started.err().map(|error| error.to_string()));
    let refused = refused.ok().flatten().unwrap_or_default();
    assert!(
        refused.contains("restricted host function proxy_set_tick_period"),
        "{refused}"
    );
}

#[test]
fn an_address_outside_the_memory_is_an_invalid_memory_access() {
    let text = format!(
        r#"(import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32))) {FRAME}
        (func (export "proxy_on_vm_start") (param i32 i32) (result i32)
            (i32.eq (i32.const 6) (call $log (i32.const 2) (i32.const 65536) (i32.const 1))))"#
    );
    assert_eq!(refusal(&text), "");
}

#[test]
fn an_endless_loop_traps() -> Result<()> {
    let text = format!(
        r#"(module {FRAME} (func (export "proxy_on_request_headers")
            (param i32 i32 i32) (result i32) (loop br 0) i32.const 0))"#
    );
    let plugin = Plugin::new(&module(&text)?);
    let vm = Host::default().start(&plugin.fuel_per_callback_max(1_000_000))?;
    vm.stream().request_headers_only(REQUEST);
    assert!(
        vm.trap().is_some_and(|trap| trap.contains("fuel")),
        "{:?}",
        vm.trap()
    );
    Ok(())
}
