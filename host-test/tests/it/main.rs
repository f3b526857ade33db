//! Facts about proxies that the host imitates, each shown on a guest written for it.
