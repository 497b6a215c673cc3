//! The journal's records in the mirror: into it many at a time, and out of it again.

use super::error::MirrorError;
use super::link::{Postgres, sql};
use crate::convert::number;
use crate::error::Error;
use crate::write::mark_of;
use journal::{Chain, Chained, Identity, Record, Restore};
use sea_orm::sea_query::ArrayType;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, QueryResult, Statement, Value};
use std::path::Path;

/// Records in one statement.
const ROWS: usize = 1_000;
/// Bytes of a frame beside its body.
const FRAME: u64 = journal::codec::FRAME_HEADER as u64;

/// One statement for any number of records: its text never changes, and it has seven values.
const INSERT: &str = "INSERT INTO journal (seq, epoch, kind, version, synced, chain, body) \
    SELECT * FROM UNNEST($1::bigint[], $2::bigint[], $3::integer[], $4::integer[], $5::bigint[], $6::text[], $7::bytea[])";
const SELECT: &str = "SELECT seq, epoch, kind, version, synced, chain, body FROM journal WHERE seq >= $1 ORDER BY seq LIMIT $2";

/// Adds records.
pub(super) async fn insert(txn: &DatabaseTransaction, records: &[Chained]) -> Result<(), Error> {
    for some in records.chunks(ROWS) {
        let big = |value: u64| number(value).map(|v| Value::BigInt(Some(v)));
        let mut columns: [Vec<Value>; 7] = std::array::from_fn(|_| Vec::with_capacity(some.len()));
        for Chained { record, epoch, synced, chain } in some {
            let row = [
                big(record.seq)?,
                Value::BigInt(Some(i64::from(*epoch))),
                Value::Int(Some(i32::from(record.kind))),
                Value::Int(Some(i32::from(record.version))),
                big(*synced)?,
                Value::String(Some(chain.to_string())),
                Value::Bytes(Some(record.body.clone())),
            ];
            columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
        }
        let types = [
            ArrayType::BigInt,
            ArrayType::BigInt,
            ArrayType::Int,
            ArrayType::Int,
            ArrayType::BigInt,
            ArrayType::String,
            ArrayType::Bytes,
        ];
        let values = types.into_iter().zip(columns).map(|(kind, column)| Value::Array(kind, Some(Box::new(column))));
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, INSERT, values);
        txn.execute_raw(statement).await.map_err(Error::database("writing"))?;
    }
    Ok(())
}

/// Records numbered `from` and later, `most` at the most.
pub(super) async fn select(txn: &DatabaseTransaction, from: u64, most: usize) -> Result<Vec<Chained>, Error> {
    let values = [Value::BigInt(Some(number(from)?)), Value::BigInt(Some(i64::try_from(most).unwrap_or(i64::MAX)))];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, SELECT, values);
    let rows = txn.query_all_raw(statement).await.map_err(Error::database("reading"))?;
    rows.iter().map(read).collect()
}

fn read(row: &QueryResult) -> Result<Chained, Error> {
    let failed = || Error::database("reading");
    let seq: i64 = row.try_get("", "seq").map_err(failed())?;
    let not_ours = |what| move || Error::Row { table: "journal", key: seq.to_string(), what };
    let (epoch, synced): (i64, i64) = (get(row, "epoch")?, get(row, "synced")?);
    let (kind, version): (i32, i32) = (get(row, "kind")?, get(row, "version")?);
    let (chain, body): (String, Vec<u8>) = (get(row, "chain")?, get(row, "body")?);
    Ok(Chained {
        record: Record {
            seq: u64::try_from(seq).map_err(|_| not_ours("seq")())?,
            kind: u16::try_from(kind).map_err(|_| not_ours("kind")())?,
            version: u16::try_from(version).map_err(|_| not_ours("version")())?,
            body,
        },
        epoch: u32::try_from(epoch).map_err(|_| not_ours("epoch")())?,
        synced: u64::try_from(synced).map_err(|_| not_ours("synced")())?,
        chain: Chain::try_from(chain).map_err(|_| not_ours("chain")())?,
    })
}

fn get<T: sea_orm::TryGetable>(row: &QueryResult, column: &str) -> Result<T, Error> {
    row.try_get("", column).map_err(Error::database("reading"))
}

/// A journal that was written anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Records that were written.
    pub records: u64,
    /// Number of the last one.
    pub last_seq: u64,
    /// Largest epoch among them.
    pub epoch: u32,
}

/// Writes the local journal in `dir`, which is gone, anew from the mirror: from the oldest segment on that fits into `room`
/// bytes with all after it. `None` if the mirror is empty.
///
/// # Errors
/// [`MirrorError::Restore`] or [`MirrorError::Torn`]: the mirror's records do not make a journal. Or what the database says.
pub async fn restore(pg: &Postgres, dir: &Path, identity: &Identity, room: u64) -> Result<Option<Restored>, MirrorError> {
    super::schema::check(pg).await?;
    let txn = pg.begin().await?;
    let failed = || MirrorError::database("reading");
    let mark = mark_of(&txn).await.map_err(failed())?;
    let Some(mut from) = beginning(&txn, room).await.map_err(failed())? else {
        txn.commit().await.map_err(failed())?;
        return Ok(None);
    };
    let mut written = Restore::begin(dir, identity.clone())?;
    let mut restored = Restored { records: 0, last_seq: 0, epoch: 0 };
    let mut last = Chain::ORIGIN;
    loop {
        let some = select(&txn, from, ROWS).await?;
        for chained in &some {
            written.push(chained)?;
            restored.records += 1;
            (restored.last_seq, last) = (chained.record.seq, chained.chain);
            restored.epoch = restored.epoch.max(chained.epoch);
        }
        match some.last() {
            Some(chained) if some.len() == ROWS => from = chained.record.seq.saturating_add(1),
            _ => break,
        }
    }
    txn.commit().await.map_err(failed())?;
    if mark.seq != restored.last_seq || mark.chain != Some(last) {
        let at = mark.chain.map(String::from).unwrap_or_default();
        return Err(MirrorError::Torn { cursor: mark.seq, at, last: restored.last_seq, chain: last });
    }
    restored.last_seq = written.finish()?;
    Ok(Some(restored))
}

/// First record of the oldest segment that fits with all after it, and that a journal can begin with; of the newest such
/// one if none fits.
async fn beginning(txn: &DatabaseTransaction, room: u64) -> Result<Option<u64>, DbErr> {
    let headers = "SELECT j.seq AS seq, EXISTS (SELECT 1 FROM journal s WHERE s.seq = j.seq + 1 AND s.kind = 1) AS snapshot \
                   FROM journal j WHERE j.kind = 0 ORDER BY j.seq DESC";
    let rows = txn.query_all_raw(sql(headers)).await?;
    let (mut chosen, mut bytes, mut end) = (None, 0_u64, i64::MAX);
    for row in &rows {
        let (seq, snapshot): (i64, bool) = (row.try_get("", "seq")?, row.try_get("", "snapshot")?);
        let sum = "SELECT count(*) AS records, coalesce(sum(octet_length(body)), 0)::bigint AS bytes FROM journal WHERE seq >= $1 AND seq < $2";
        let values = [Value::BigInt(Some(seq)), Value::BigInt(Some(end))];
        let sums = txn.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sum, values)).await?;
        let (records, body): (i64, i64) = match &sums {
            Some(sums) => (sums.try_get("", "records")?, sums.try_get("", "bytes")?),
            None => (0, 0),
        };
        bytes = bytes.saturating_add(records.unsigned_abs().saturating_mul(FRAME)).saturating_add(body.unsigned_abs());
        end = seq;
        if chosen.is_some() && bytes > room {
            break;
        }
        if seq == 1 || snapshot {
            chosen = Some(seq.unsigned_abs());
        }
    }
    // Records without any header: the first one is named when it is refused.
    let first = "SELECT min(seq) AS seq FROM journal";
    let first: Option<i64> = match txn.query_one_raw(sql(first)).await? {
        Some(row) => row.try_get("", "seq")?,
        None => None,
    };
    Ok(chosen.or(first.map(i64::unsigned_abs)))
}
