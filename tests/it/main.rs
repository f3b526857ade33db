//! Real Envoy, real collector, real client SDKs: what operators and applications see.
