//! `bot4 azuro`: what the betting wallet holds, and the two transactions that it ever sends: the approval of Azuro's relayer, and the
//! claim of what bets pay.
//!
//! Thin: what to ask, what to sign and how an answer reads is `azuro_client::transaction`'s. Nothing is sent without the operator's word,
//! and what is sent is written down first (`ledger`), so that a lost answer is asked for by its hash and no number is used twice.

mod ledger;
mod nodes;
mod shown;

use crate::cli::{FAILED, LEFT_BEHIND, OK};
use crate::keys::{self, AZURO_ACCOUNT_KEY};
use crate::out;
use crate::source::{Source, Usage};
use anyhow::Context;
use azuro_client::amount::parse_units;
use azuro_client::contracts::Call;
use azuro_client::environment::Environment;
use azuro_client::transaction::{Account, Broadcast, Claim, Offer, Outcome, Pricing, Sent, Step, claim_call};
use clap::{Args, Subcommand};
use ledger::Ledger;
use nodes::Lines;
use signing::EvmKey;
use signing::eip712::U256;
use std::io::IsTerminal as _;
use std::time::Duration;
use telemetry::Redactor;

/// What was asked for.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Exit codes: 0 done, or only shown; 1 failed, or the contract refused it; 2 wrong command line, configuration or \
                  credentials; 3 sent, and not known what became of it: `bot4 azuro status` asks again."
)]
pub(crate) struct AzuroArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Clone, Debug, Subcommand)]
enum Verb {
    /// Show the wallet: bet token, approval, coin for gas, open and payable bets, transactions under way.
    Status {
        #[command(flatten)]
        source: Source,
    },
    /// Let Azuro's relayer take stakes and fees from the wallet, up to an amount.
    Approve {
        /// How much it may take in all from now on, in the bet token; 0 ends the approval. It replaces what was approved before.
        #[arg(long, value_name = "AMOUNT")]
        amount: String,
        #[command(flatten)]
        sending: Sending,
        #[command(flatten)]
        source: Source,
    },
    /// Claim what won bets and bets that were called off pay.
    Redeem {
        /// Numbers of bets; all that pay something without it.
        #[arg(long = "bet", value_name = "N", num_args = 1..)]
        bets: Vec<u128>,
        #[command(flatten)]
        sending: Sending,
        #[command(flatten)]
        source: Source,
    },
}

/// How a transaction is sent.
#[derive(Clone, Copy, Debug, Args)]
struct Sending {
    /// Send it; without this it is shown, and at a terminal asked for.
    #[arg(long)]
    yes: bool,
    /// Highest price of gas, gwei.
    #[arg(long, value_name = "GWEI", default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    gas_price_max: u64,
    /// Seconds to wait for the chain.
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    wait: u64,
}

/// Runs the command and gives the exit code.
pub(crate) fn run(args: &AzuroArgs, json: bool) -> u8 {
    let (Verb::Status { source } | Verb::Approve { source, .. } | Verb::Redeem { source, .. }) = &args.verb;
    let done = Wallet::open(source, json).and_then(|wallet| wallet.run(&args.verb));
    done.unwrap_or_else(|e| out::failed(&e))
}

/// The wallet, and where it is asked about.
struct Wallet {
    key: EvmKey,
    environment: &'static Environment,
    places: nodes::Places,
    ledger: Ledger,
    json: bool,
}

impl Wallet {
    fn open(source: &Source, json: bool) -> anyhow::Result<Self> {
        let environment = Source::environment()?;
        keys::refuse_open_file(&environment)?;
        let (_, config) = source.load(&environment, &[])?;
        let secret = environment.secrets().require(AZURO_ACCOUNT_KEY)?;
        Redactor::global().register(&secret);
        let key = keys::evm_key(AZURO_ACCOUNT_KEY, &secret)?;
        let name = &config.file.venues.azuro.environment;
        let chain = Environment::named(name).context("venues.azuro.environment is checked with the configuration")?;
        let places = nodes::Places::configured(&config, &environment)?;
        let ledger = Ledger::new(&config.file.state);
        Ok(Self { key, environment: chain, places, ledger, json })
    }

    fn run(&self, verb: &Verb) -> anyhow::Result<u8> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        tokio::task::LocalSet::new().block_on(&runtime, async {
            let lines = Lines::new(&self.places, self.environment)?;
            let code = match verb {
                Verb::Status { .. } => self.status(&lines).await,
                Verb::Approve { amount, sending, .. } => self.approve(&lines, amount, *sending).await,
                Verb::Redeem { bets, sending, .. } => self.redeem(&lines, bets, *sending).await,
            };
            lines.stop().await;
            code
        })
    }

    async fn status(&self, lines: &Lines) -> anyhow::Result<u8> {
        let under_way = self.settle_earlier(lines, Duration::ZERO).await?;
        let wallet = lines.wallet(self.key.address()).await?;
        let bets = lines.bets(self.key.address()).await;
        out::say(&shown::status(self.key.address(), self.environment, &wallet, &bets, under_way.as_ref(), self.json));
        Ok(OK)
    }

    async fn approve(&self, lines: &Lines, amount: &str, sending: Sending) -> anyhow::Result<u8> {
        let units = parse_units(amount, self.environment.decimals)
            .map_err(|cause| Usage(format!("--amount {amount}: {cause}; write an amount, for example --amount 100")))?;
        if let Some(earlier) = self.settle_earlier(lines, sending.patience()).await? {
            return Ok(self.still_under_way(&earlier));
        }
        let wallet = lines.wallet(self.key.address()).await?;
        let call = Call::Approve { spender: self.environment.relayer, amount: U256::from(units) };
        let what = shown::approval(self.environment, wallet.allowance, units);
        if wallet.allowance == units {
            out::say(&shown::nothing("The relayer is approved for exactly this already.", self.json));
            return Ok(OK);
        }
        self.offer(lines, self.environment.bet_token, &call, what, sending).await
    }

    async fn redeem(&self, lines: &Lines, bets: &[u128], sending: Sending) -> anyhow::Result<u8> {
        if let Some(earlier) = self.settle_earlier(lines, sending.patience()).await? {
            return Ok(self.still_under_way(&earlier));
        }
        let candidates = if bets.is_empty() {
            lines.bets(self.key.address()).await.context("the bets of this wallet; name them with --bet N")?.payable_by_word()
        } else {
            bets.to_vec()
        };
        let claims = lines.claims(&candidates).await?;
        let pays: Vec<u128> = claims.iter().filter(|(_, claim)| matches!(claim, Claim::Pays(_))).map(|(bet, _)| *bet).collect();
        let Some(call) = claim_call(self.environment, &pays) else {
            out::say(&shown::nothing(&shown::no_claims(&claims), self.json));
            return Ok(OK);
        };
        self.offer(lines, self.environment.lp, &call, shown::claims(self.environment, &claims), sending).await
    }

    /// Prices a call, shows it, and sends it if that is wanted.
    async fn offer(
        &self,
        lines: &Lines,
        to: signing::eip712::Address,
        call: &Call,
        what: String,
        sending: Sending,
    ) -> anyhow::Result<u8> {
        let account = Account {
            chain_id: self.environment.chain_id,
            address: self.key.address(),
            gas_price_max: u128::from(sending.gas_price_max).saturating_mul(1_000_000_000),
        };
        let mut pricing = Pricing::new(account, to, call.calldata());
        let offer: Offer = loop {
            let question = pricing.question();
            let answer = lines.ask(question.body).await;
            if let Some(offer) = pricing.answer(answer.as_deref().map_err(Clone::clone))? {
                break offer;
            }
        };
        let wanted = sending.yes || (!self.json && std::io::stdin().is_terminal() && std::io::stdout().is_terminal());
        out::say(&shown::offer(&what, &offer, wanted, self.json));
        if !sending.yes && !wanted {
            return Ok(OK);
        }
        if !sending.yes && !confirmed()? {
            out::say("Nothing was sent.");
            return Ok(OK);
        }
        let signed = offer.transaction.sign(&self.key);
        let sent = Sent::new(self.key.address(), &offer.transaction, &signed, what);
        // Before the bytes leave: the next life must know of them.
        self.ledger.write(&sent)?;
        if !self.json {
            eprintln!("Sending {}, and waiting for the chain.", sent.hash);
        }
        self.follow(lines, Broadcast::new(sent), sending.patience()).await
    }

    /// Follows a transaction to its end, or until patience ends.
    async fn follow(&self, lines: &Lines, broadcast: Broadcast, patience: Duration) -> anyhow::Result<u8> {
        let sent = broadcast.sent().clone();
        let outcome = drive(lines, broadcast, patience).await;
        let code = match &outcome {
            Some(Outcome::Done { .. }) => OK,
            Some(_) => FAILED,
            None => LEFT_BEHIND,
        };
        if outcome.is_some() {
            self.ledger.over(&sent)?;
        }
        out::say(&shown::end(&sent, outcome.as_ref(), patience, self.json));
        Ok(code)
    }

    /// What an earlier run sent and did not see the end of is settled before anything else is signed. Some: it is still open.
    async fn settle_earlier(&self, lines: &Lines, patience: Duration) -> anyhow::Result<Option<Sent>> {
        let Some(sent) = self.ledger.open(self.environment.chain_id, self.key.address())? else { return Ok(None) };
        let outcome = drive(lines, Broadcast::resume(sent.clone()), patience).await;
        if let Some(outcome) = &outcome {
            self.ledger.over(&sent)?;
            eprintln!("bot4: an earlier transaction has ended: {}", shown::end(&sent, Some(outcome), patience, false).trim());
            return Ok(None);
        }
        Ok(Some(sent))
    }

    fn still_under_way(&self, sent: &Sent) -> u8 {
        out::say(&shown::under_way(sent, self.json));
        LEFT_BEHIND
    }
}

impl Sending {
    const fn patience(self) -> Duration {
        Duration::from_secs(self.wait)
    }
}

/// `None`: patience ended, its fate is unknown. At least one look is taken.
async fn drive(lines: &Lines, mut broadcast: Broadcast, patience: Duration) -> Option<Outcome> {
    let until = tokio::time::Instant::now() + patience;
    let mut looked = false;
    loop {
        let (body, wait_ms) = match broadcast.step() {
            Step::Over(outcome) => return Some(outcome),
            Step::Ask { body, wait_ms, .. } => (body, wait_ms),
        };
        let next = tokio::time::Instant::now() + Duration::from_millis(wait_ms);
        if looked && next >= until {
            return None;
        }
        tokio::time::sleep_until(next).await;
        looked = true;
        let answer = lines.ask(body).await;
        if let Some(said) = broadcast.answer(answer.as_deref().map_err(Clone::clone)) {
            tracing::debug!(target: "bot4", reason = said, "The node's word on a transaction");
        }
    }
}

fn confirmed() -> anyhow::Result<bool> {
    eprint!("Send it? [y/N] ");
    let mut text = String::new();
    std::io::stdin().read_line(&mut text).context("the answer could not be read")?;
    Ok(matches!(text.trim(), "y" | "Y" | "yes"))
}
