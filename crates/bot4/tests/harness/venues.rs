//! What both venues themselves say an account holds and has ordered, asked for by a client of our own.
//!
//! Written from the venues' documents; shares no code with the bot's clients but the primitives that sign.

use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use signing::eip712::{Address, Eip712Domain, digest, domain_separator, keccak256};
use signing::snip12::{Domain, StructHasher, TypedMessage, short_string};
use signing::{EvmKey, Felt, SanitizedValue, StarkKey};
use std::time::{Duration, SystemTime};
use tokio::sync::OnceCell;
use venue_sim::server::RunningServer;

/// Router contract that the simulated Vest runs with.
const CONTRACT: &str = "919386306c47b2fe1036e3b4f7c40d22d2461a23";
/// Chain that the simulated Paradex runs on.
const CHAIN: &str = "PRIVATE_SN_POTC_SEPOLIA";

/// Keys of one account, good for nothing but simulators.
pub(crate) struct Keys {
    pub(crate) vest_primary: String,
    pub(crate) vest_signing: String,
    pub(crate) paradex: StarkKey,
    pub(crate) paradex_account: String,
    pub(crate) paradex_l1: String,
}

impl Keys {
    /// Always the same.
    pub(crate) fn fixed() -> Self {
        let proxy = Felt::from_hex("0x3530cc4759d78042f1b543bf797f5f3d647cde0388c33734cf91b7f7b9314a9").unwrap();
        let class = Felt::from_hex("0x41cb0280ebadaa75f996d8d92c6f265f6d040bb3ba442e5f86a554f1765244e").unwrap();
        let (paradex, _) = signing::stark_account::grind(&[7; 32]).unwrap();
        let account = signing::stark_account::account_address(&paradex.public_key(), &proxy, &class);
        let vest_primary = format!("0x{}", "5a".repeat(32));
        Self {
            paradex_l1: evm(&vest_primary).address().to_string(),
            vest_signing: format!("0x{}", "3c".repeat(32)),
            vest_primary,
            paradex,
            paradex_account: account.to_hex_string(),
        }
    }
}

fn evm(key: &str) -> EvmKey {
    EvmKey::from_hex(&SanitizedValue::new(key)).unwrap()
}

/// An order by a venue's own history.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Client id, or the nonce in digits.
    pub(crate) key: String,
    /// Base filled, at 1e-8.
    pub(crate) filled_e8: i64,
    /// It can still fill.
    pub(crate) open: bool,
}

/// Reads both accounts.
pub(crate) struct Reader {
    keys: Keys,
    vest: (Client, String, OnceCell<String>),
    paradex: (Client, String, OnceCell<String>),
}

impl Reader {
    pub(crate) fn new(keys: Keys, vest: &RunningServer, paradex: &RunningServer) -> Self {
        let client = |server: &RunningServer| {
            let ca = reqwest::Certificate::from_pem(server.ca_pem().as_bytes()).unwrap();
            Client::builder().tls_certs_only([ca]).timeout(Duration::from_secs(5)).build().unwrap()
        };
        let vest = (client(vest), vest.rest_url(), OnceCell::new());
        Self { keys, vest, paradex: (client(paradex), paradex.rest_url(), OnceCell::new()) }
    }

    /// What both venues hold of ETH, at 1e-8, signed: Vest, Paradex. `None` while the bot has made no account yet.
    pub(crate) async fn positions(&self) -> Option<[i64; 2]> {
        let vest = self.vest("account").await?;
        let held = |p: &Value| if p["isLong"] == json!(true) { e8(&p["size"]) } else { -e8(&p["size"]) };
        let on_vest = vest["positions"].as_array()?.iter().filter(|p| p["symbol"] == "ETH-PERP").map(held).sum();
        let paradex = self.paradex("positions").await?;
        let on_paradex = paradex["results"].as_array()?.iter().map(|p| e8(&p["size"])).sum();
        Some([on_vest, on_paradex])
    }

    /// Cash by both venues' own word, at 1e-8: Vest, Paradex.
    pub(crate) async fn cash(&self) -> Option<[i64; 2]> {
        let vest = self.vest("account").await?;
        let paradex = self.paradex("balance").await?;
        Some([e8(&vest["collateral"]), e8(&paradex["results"][0]["size"])])
    }

    /// Every order of both accounts, as they are now: Vest, Paradex.
    pub(crate) async fn orders(&self) -> Option<[Vec<Seen>; 2]> {
        let vest = self.vest("orders?limit=1000").await?;
        let on_vest = |o: &Value| Seen {
            key: o["nonce"].to_string(),
            filled_e8: if o["lastFilledSize"].is_null() { 0 } else { e8(&o["lastFilledSize"]) },
            open: matches!(o["status"].as_str(), Some("NEW" | "PARTIALLY_FILLED")),
        };
        let paradex = self.paradex("orders-history?page_size=1000").await?;
        let on_paradex = |o: &Value| Seen {
            key: o["client_id"].as_str().unwrap().to_owned(),
            filled_e8: e8(&o["size"]) - e8(&o["remaining_size"]),
            open: o["status"] != "CLOSED",
        };
        Some([vest.as_array()?.iter().map(on_vest).collect(), paradex["results"].as_array()?.iter().map(on_paradex).collect()])
    }

    async fn vest(&self, path: &str) -> Option<Value> {
        let (client, url, key) = &self.vest;
        let key = key.get_or_try_init(|| self.register()).await.ok()?;
        ask(client.get(format!("{url}/{path}")).header("X-API-KEY", key)).await.ok()
    }

    async fn paradex(&self, path: &str) -> Option<Value> {
        let (client, url, token) = &self.paradex;
        let token = token.get_or_try_init(|| self.login()).await.ok()?;
        ask(client.get(format!("{url}/{path}")).bearer_auth(token)).await.ok()
    }

    /// A key of our own for the same account (vest.md section 6): the wallet vouches for the signing key once more.
    async fn register(&self) -> Result<String, String> {
        let (client, url, _) = &self.vest;
        let (primary, signer) = (evm(&self.keys.vest_primary), evm(&self.keys.vest_signing).address());
        let expiry = seconds() * 1_000 + 3_600_000;
        let contract = Address::from_slice(&hex(CONTRACT));
        let separator =
            domain_separator(&Eip712Domain::new(Some("VestRouterV2".into()), Some("0.0.1".into()), None, Some(contract), None));
        let mut message = Vec::with_capacity(96);
        message.extend(keccak256(b"SignerProof(address approvedSigner,uint256 signerExpiry)"));
        message.extend([0; 12]);
        message.extend(signer.as_slice());
        message.extend([0; 24]);
        message.extend(expiry.to_be_bytes());
        let body = json!({
            "signingAddr": signer.to_string().to_lowercase(),
            "primaryAddr": primary.address().to_string().to_lowercase(),
            "signature": primary.sign_digest(&digest(&separator, &keccak256(&message))).to_hex(),
            "expiryTime": expiry,
            "networkType": 0,
        });
        let answer = ask(client.post(format!("{url}/register")).json(&body)).await?;
        answer["apiKey"].as_str().map(str::to_owned).ok_or_else(|| answer.to_string())
    }

    /// A token of our own (paradex.md 2.4).
    async fn login(&self) -> Result<String, String> {
        let (client, url, _) = &self.paradex;
        let (now, until) = (seconds(), seconds() + 600);
        let domain = Domain { name: "Paradex", chain_id: CHAIN, version: "1" }.hash().unwrap();
        let account = Felt::from_hex(&self.keys.paradex_account).unwrap();
        let request = StructHasher::new("Request(method:felt,path:felt,body:felt,timestamp:felt,expiration:felt)")
            .begin()
            .with(&short_string("POST").unwrap())
            .with(&short_string("/v1/auth").unwrap())
            .with(&Felt::ZERO)
            .with(&Felt::from(now))
            .with(&Felt::from(until));
        let hash = TypedMessage::new(&domain, &account).hash(&request.finish());
        let answer = ask(client
            .post(format!("{url}/auth"))
            .header("PARADEX-STARKNET-ACCOUNT", &self.keys.paradex_account)
            .header("PARADEX-STARKNET-SIGNATURE", self.keys.paradex.sign(&hash).unwrap().to_wire())
            .header("PARADEX-TIMESTAMP", now)
            .header("PARADEX-SIGNATURE-EXPIRATION", until)
            .body(""))
        .await?;
        answer["jwt_token"].as_str().map(str::to_owned).ok_or_else(|| answer.to_string())
    }
}

async fn ask(request: RequestBuilder) -> Result<Value, String> {
    let answer = request.send().await.map_err(|e| e.to_string())?;
    let (status, body) = (answer.status(), answer.text().await.map_err(|e| e.to_string())?);
    if status != StatusCode::OK {
        return Err(format!("{status}: {body}"));
    }
    serde_json::from_str(&body).map_err(|e| format!("{e}: {body}"))
}

fn e8(text: &Value) -> i64 {
    domain::parse_e8(text.as_str().unwrap().as_bytes()).unwrap()
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}
