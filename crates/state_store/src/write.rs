//! Rows into tables, the same for every database: few statements with many rows, as each may be a way around the world.

use crate::convert::number;
use crate::error::Error;
use crate::mark::Mark;
use crate::rows::Change;
use crate::tables::{cursor, fills, incidents, orders, positions, rounds};
use journal::Chain;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, IdenStatic, IntoActiveModel, Iterable,
    PrimaryKeyToColumn, QuerySelect,
};
use std::collections::BTreeMap;

/// Name of the only cursor there is.
pub(crate) const JOURNAL: &str = "journal";
/// Rows in one statement: some tables have 22 columns, and a statement takes 32,766 values at the most.
const ROWS: usize = 500;

/// How far the tables have come.
pub(crate) async fn mark_of<C: ConnectionTrait>(db: &C) -> Result<Mark, DbErr> {
    Ok(cursor::Entity::find_by_id(JOURNAL).one(db).await?.map_or_else(Mark::default, read_mark))
}

/// The same, and nobody else can move it until the transaction ends.
pub(crate) async fn lock_mark<C: ConnectionTrait>(db: &C) -> Result<Mark, DbErr> {
    let query = cursor::Entity::find_by_id(JOURNAL).lock_exclusive();
    Ok(query.one(db).await?.map_or_else(Mark::default, read_mark))
}

fn read_mark(row: cursor::Model) -> Mark {
    Mark {
        // They are written from unsigned numbers alone; others would be somebody else's, and mean to begin anew.
        seq: u64::try_from(row.seq).unwrap_or(0),
        chain: row.chain.and_then(|text| Chain::try_from(text).ok()),
        epoch: row.epoch.and_then(|epoch| u32::try_from(epoch).ok()),
    }
}

/// Sets how far the tables have come.
pub(crate) async fn move_mark<C: ConnectionTrait>(txn: &C, mark: Mark) -> Result<(), Error> {
    let row = cursor::Model {
        name: JOURNAL.to_owned(),
        seq: number(mark.seq)?,
        chain: mark.chain.map(String::from),
        epoch: mark.epoch.map(i64::from),
    };
    upsert(txn, vec![row]).await.map_err(Error::database("writing"))
}

/// Writes what a batch changes. Within it the last state of a round, position or order wins, and the first of a fill or
/// incident stays: as if each change had been written alone.
pub(crate) async fn write_rows<C: ConnectionTrait>(txn: &C, batch: Vec<Change>) -> Result<(), Error> {
    let (mut rounds, mut positions, mut orders) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let (mut fills, mut incidents) = (BTreeMap::new(), BTreeMap::new());
    for change in batch {
        match change {
            Change::Round(row) => drop(rounds.insert(row.round, rounds::Model::from(*row))),
            Change::Position(row) => drop(positions.insert(row.round, positions::Model::from(*row))),
            Change::Order(row) => drop(orders.insert(row.id, orders::Model::from(*row))),
            Change::Fill(row) => {
                let (key, row) = ((row.order, row.seq), fills::Model::try_from(row)?);
                fills.entry(key).or_insert(row);
            }
            Change::Incident(row) => {
                let row = incidents::Model::try_from(row)?;
                incidents.entry((row.seq, row.event.clone())).or_insert(row);
            }
        }
    }
    let failed = || Error::database("writing");
    upsert(txn, rounds.into_values().collect()).await.map_err(failed())?;
    upsert(txn, positions.into_values().collect()).await.map_err(failed())?;
    upsert(txn, orders.into_values().collect()).await.map_err(failed())?;
    insert_once(txn, fills.into_values().collect()).await.map_err(failed())?;
    insert_once(txn, incidents.into_values().collect()).await.map_err(failed())
}

/// The new row of a key replaces the old one. No key may be there twice.
pub(crate) async fn upsert<C, M, A, E>(txn: &C, rows: Vec<M>) -> Result<(), DbErr>
where
    C: ConnectionTrait,
    M: IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
    E: EntityTrait,
{
    let is_key = |column: &E::Column| key::<E>().any(|k| k.as_str() == column.as_str());
    let mut conflict = OnConflict::columns(key::<E>());
    conflict.update_columns(E::Column::iter().filter(|c| !is_key(c)));
    insert(txn, rows, &conflict).await
}

/// The old row of a key stays.
async fn insert_once<C, M, A, E>(txn: &C, rows: Vec<M>) -> Result<(), DbErr>
where
    C: ConnectionTrait,
    M: IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
    E: EntityTrait,
{
    let mut conflict = OnConflict::columns(key::<E>());
    conflict.do_nothing();
    insert(txn, rows, &conflict).await
}

async fn insert<C, M, A, E>(txn: &C, rows: Vec<M>, conflict: &OnConflict) -> Result<(), DbErr>
where
    C: ConnectionTrait,
    M: IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
    E: EntityTrait,
{
    let mut rows = rows.into_iter().map(IntoActiveModel::into_active_model).peekable();
    while rows.peek().is_some() {
        let some: Vec<A> = rows.by_ref().take(ROWS).collect();
        match E::insert_many(some).on_conflict(conflict.clone()).exec_without_returning(txn).await {
            Ok(_) | Err(DbErr::RecordNotInserted) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

fn key<E: EntityTrait>() -> impl Iterator<Item = E::Column> {
    E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column)
}
