//! A simulated Azuro V3: feed, order API and chain, written from `venues/azuro.md` alone; section numbers refer to that document.

mod abi;
pub mod sign;
mod submission;

pub use submission::{ConditionData, Mined, Submission, oracle_digest};

/// A simulated Azuro.
#[derive(Debug, Default)]
pub struct AzuroSim {
    submissions: Vec<Submission>,
    told: Vec<(String, Result<Mined, String>)>,
}

impl AzuroSim {
    /// What the relayer has sent to an outside node since this was last asked: empty while the chain of this crate is used.
    /// Give the end of each one back with [`AzuroSim::chain_said`].
    pub fn take_submissions(&mut self) -> Vec<Submission> {
        std::mem::take(&mut self.submissions)
    }

    /// What the outside node made of a submission: the bet it mined, or the name of the contract's error (`InvalidNonce`).
    pub fn chain_said(&mut self, order_id: &str, said: Result<Mined, String>) {
        self.told.push((order_id.to_owned(), said));
    }
}
