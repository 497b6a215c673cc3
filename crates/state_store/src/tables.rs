//! The tables as SeaORM sees them. Money is `*_e8`: an integer at 1e-8. Times are `*_us`: microseconds since the epoch.
#![allow(unreachable_pub, missing_docs, reason = "the derives generate public items, and the columns are documented in rows.rs")]

/// One row: how far the journal has been consumed, and which one.
pub(crate) mod cursor {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "cursor")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub seq: i64,
        pub chain: Option<String>,
        pub epoch: Option<i64>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod positions {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "positions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub round: String,
        pub pair: String,
        pub entry_spread_e8: i64,
        pub opened_us: i64,
        pub updated_us: i64,
        pub closed_us: Option<i64>,
        pub long_venue: String,
        pub long_size_e8: i64,
        pub long_price_e8: Option<i64>,
        pub long_venue_orders: String,
        pub short_venue: String,
        pub short_size_e8: i64,
        pub short_price_e8: Option<i64>,
        pub short_venue_orders: String,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod rounds {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "rounds")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub round: String,
        pub pair: String,
        pub long_venue: String,
        pub short_venue: String,
        pub size_e8: i64,
        pub entry_spread_e8: i64,
        pub threshold_e8: i64,
        pub edge_e8: i64,
        pub config: String,
        pub opened_us: i64,
        pub exit_spread_e8: Option<i64>,
        pub exit_reason: Option<String>,
        pub ended_us: Option<i64>,
        pub ending: Option<String>,
        pub price_result_e8: i64,
        pub fees_e8: i64,
        pub funding_e8: i64,
        pub net_e8: i64,
        pub uncovered_ms: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod orders {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub round: String,
        pub pair: String,
        pub venue: String,
        pub side: String,
        pub size_e8: i64,
        pub limit_e8: i64,
        pub kind: String,
        pub tif: String,
        pub reduce_only: bool,
        pub venue_key: String,
        pub venue_hash: Option<String>,
        pub dead_after_us: i64,
        pub venue_order: Option<String>,
        pub status: String,
        pub filled_e8: i64,
        pub cost_e8: i64,
        pub fee_e8: i64,
        pub funding_e8: i64,
        pub reason: Option<String>,
        pub sent_us: i64,
        pub updated_us: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod fills {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "fills")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub order_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        pub round: String,
        pub pair: String,
        pub venue: String,
        pub side: String,
        pub size_e8: i64,
        pub cost_e8: i64,
        pub fee_e8: i64,
        pub funding_e8: i64,
        pub at_us: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod incidents {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "incidents")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub event: String,
        pub round: Option<String>,
        pub pair: Option<String>,
        pub text: String,
        pub at_us: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// Whose journal a mirror holds.
pub(crate) mod identity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "identity")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub mode: String,
        /// JSON: account by venue.
        pub accounts: String,
        /// JSON: chain by venue.
        pub chains: String,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}
