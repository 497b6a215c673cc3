//! Reading, for the page, the commands and recovery.

use crate::error::Error;
use crate::rows::{FillRow, IncidentRow, OrderRow, PositionState, RoundRow};
use crate::store::StateManager;
use crate::tables::{fills, incidents, orders, positions, rounds};
use domain::names::Ending;
use domain::{OrderId, RoundId};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// Which rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounds {
    /// Every one.
    All,
    /// Those still going on.
    Open,
    /// Those that are over, however they ended.
    Ended,
    /// Those that ended like this.
    EndedBy(Ending),
}

impl StateManager {
    /// All positions of which something is left, oldest first.
    ///
    /// # Errors
    /// [`Error::Database`] or [`Error::Row`].
    pub async fn open_positions(&self) -> Result<Vec<PositionState>, Error> {
        let query = positions::Entity::find().filter(positions::Column::ClosedUs.is_null());
        let query = query.order_by_asc(positions::Column::OpenedUs).order_by_asc(positions::Column::Round);
        rows(query.all(&self.db).await)
    }

    /// A round's position, open or closed.
    ///
    /// # Errors
    /// [`Error::Database`] or [`Error::Row`].
    pub async fn position(&self, round: RoundId) -> Result<Option<PositionState>, Error> {
        row(positions::Entity::find_by_id(round.to_string()).one(&self.db).await)
    }

    /// The newest `limit` rounds of these, newest first.
    ///
    /// # Errors
    /// [`Error::Database`] or [`Error::Row`].
    pub async fn rounds(&self, which: Rounds, limit: u64) -> Result<Vec<RoundRow>, Error> {
        let query = rounds::Entity::find();
        let query = match which {
            Rounds::All => query,
            Rounds::Open => query.filter(rounds::Column::EndedUs.is_null()),
            Rounds::Ended => query.filter(rounds::Column::EndedUs.is_not_null()),
            Rounds::EndedBy(ending) => query.filter(rounds::Column::Ending.eq(ending.word())),
        };
        let query = query.order_by_desc(rounds::Column::OpenedUs).order_by_desc(rounds::Column::Round).limit(limit);
        rows(query.all(&self.db).await)
    }

    /// One round.
    ///
    /// # Errors
    /// [`Error::Database`] or [`Error::Row`].
    pub async fn round(&self, round: RoundId) -> Result<Option<RoundRow>, Error> {
        row(rounds::Entity::find_by_id(round.to_string()).one(&self.db).await)
    }

    /// One order.
    ///
    /// # Errors
    /// [`Error::Database`] or [`Error::Row`].
    pub async fn order(&self, id: OrderId) -> Result<Option<OrderRow>, Error> {
        row(orders::Entity::find_by_id(id.to_string()).one(&self.db).await)
    }

    /// All orders of a round, in the order in which they left.
    ///
    /// # Errors
    /// [`Error::Database`] or [`Error::Row`].
    pub async fn orders_of(&self, round: RoundId) -> Result<Vec<OrderRow>, Error> {
        let query = orders::Entity::find().filter(orders::Column::Round.eq(round.to_string()));
        rows(query.order_by_asc(orders::Column::SentUs).order_by_asc(orders::Column::Id).all(&self.db).await)
    }

    /// All fills of a round, in the order in which they were learned.
    ///
    /// # Errors
    /// [`Error::Database`] or [`Error::Row`].
    pub async fn fills_of(&self, round: RoundId) -> Result<Vec<FillRow>, Error> {
        let query = fills::Entity::find().filter(fills::Column::Round.eq(round.to_string()));
        rows(query.order_by_asc(fills::Column::Seq).order_by_asc(fills::Column::OrderId).all(&self.db).await)
    }

    /// The newest `limit` incidents, newest first.
    ///
    /// # Errors
    /// [`Error::Database`] or [`Error::Row`].
    pub async fn incidents(&self, limit: u64) -> Result<Vec<IncidentRow>, Error> {
        let query = incidents::Entity::find().order_by_desc(incidents::Column::Seq).order_by_asc(incidents::Column::Event);
        rows(query.limit(limit).all(&self.db).await)
    }
}

fn rows<M, R: TryFrom<M, Error = Error>>(found: Result<Vec<M>, DbErr>) -> Result<Vec<R>, Error> {
    found.map_err(Error::database("reading"))?.into_iter().map(R::try_from).collect()
}

fn row<M, R: TryFrom<M, Error = Error>>(found: Result<Option<M>, DbErr>) -> Result<Option<R>, Error> {
    found.map_err(Error::database("reading"))?.map(R::try_from).transpose()
}
