//! The benchmark of the audit API, with few events: that it measures what it says.

use anyhow::Result;
use audit_layer_bench::audit_api::corpus::BATCH;
use audit_layer_bench::audit_api::ingest;
use audit_layer_bench::audit_api::queries::KINDS;
use audit_layer_tests::collector::Collector;
use audit_layer_tests::postgres::Postgres;
use audit_layer_tests::workspace;
use sqlx::{Connection, PgConnection};

const EVENTS: u64 = 20 * BATCH;

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_stored_and_every_kind_of_query_finds_some() -> Result<()> {
    let folder = workspace::scratch()?;
    let collector = Collector::start(&folder.path().join("audit.db"), 0).await?;
    ingest::by_api(&collector, 0..EVENTS / 2, 1).await?;
    ingest::by_api(&collector, EVENTS / 2..EVENTS, 4).await?;
    let mut stored = 0;
    collector
        .api()
        .each_event("organization_id=org_bench", |_| stored += 1)
        .await?;
    assert_eq!(stored, EVENTS);
    for kind in &KINDS {
        let times = kind.measure(collector.api(), EVENTS, 20).await?;
        // So few events hardly ever have two rare words.
        let finds_some = times.events > 0.0 || kind.name == "two rare words";
        assert!(finds_some, "{}", kind.name);
    }
    Ok(())
}

#[test]
fn sqlite_alone_stores_the_same_events() -> Result<()> {
    let folder = workspace::scratch()?;
    let file = folder.path().join("bare.db");
    ingest::by_sqlite(&file, 0..EVENTS)?;
    let database = rusqlite::Connection::open(&file)?;
    let stored: i64 = database.query_row("SELECT count(*) FROM events", (), |row| row.get(0))?;
    assert_eq!(u64::try_from(stored)?, EVENTS);
    Ok(())
}

#[tokio::test]
async fn postgresql_alone_stores_the_same_events() -> Result<()> {
    let server = Postgres::start(&[])?;
    let address = server.new_database()?;
    ingest::by_postgres(&address, 0..EVENTS).await?;
    let mut connection = PgConnection::connect(&address).await?;
    let count = sqlx::query_scalar("SELECT count(*) FROM events");
    let stored: i64 = count.fetch_one(&mut connection).await?;
    assert_eq!(u64::try_from(stored)?, EVENTS);
    Ok(())
}
