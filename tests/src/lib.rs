//! Real Envoy, real collector and real client SDKs, for tests and for the demo.
