//! What everybody may read: metadata, markets, fixtures, leagues, scores, books, the tape (sx.md sections 2.1, 5, 6).

use super::account::{cut_page, put_next};
use super::cancel::CANCEL_MAX;
use super::catalog::{Fixture, Market, event_id, sport};
use super::orders::CREATE_MAX;
use super::wire::{Answer, Refused, Target};
use super::{SxSim, ladder};
use crate::SimNow;
use crate::date::iso;
use crate::sports::{Phase, Sport, Venue};
use alloy_primitives::B256;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Before its kick-off a fixture is "about to start" (section 5.3, status 9).
const SOON_MS: i64 = 30 * 60_000;
/// Sports of the venue (section 5.3).
const SPORTS: [&str; 20] = [
    "Basketball",
    "Hockey",
    "Baseball",
    "Golf",
    "Soccer",
    "Tennis",
    "Mixed Martial Arts",
    "Football",
    "E Sports",
    "Custom",
    "Rugby Union",
    "Racing",
    "Boxing",
    "Crypto",
    "Cricket",
    "Economics",
    "Politics",
    "Entertainment",
    "Medicinal",
    "Rugby League",
];

impl SxSim {
    /// `GET /metadata/obv3`.
    pub(super) fn metadata(&self) -> Value {
        let cfg = &self.cfg;
        let escrow = cfg.escrow.to_string();
        let shaped = |live_ms: i64| match cfg.switches.delay_shape.is {
            "object" => json!({ "live": live_ms, "pregame": cfg.delays.pregame_ms }),
            _ => json!(live_ms),
        };
        let map = |all: &BTreeMap<i64, i64>| all.iter().map(|(k, v)| (k.to_string(), shaped(*v))).collect::<Map<_, _>>();
        let mut data = json!({
            "chainId": cfg.chain_id,
            "domain": { "name": "OBv3 Escrow", "version": "1", "chainId": cfg.chain_id, "verifyingContract": escrow },
            "activeAsset": { "symbol": "USDC", "baseToken": cfg.usdc.to_string(), "escrowAddress": escrow, "decimals": 6 },
            "oddsLadderStepSize": cfg.terms.step,
            "bettingDelay": { "pregameMsDefault": cfg.delays.pregame_ms, "liveMsDefault": cfg.delays.live_ms },
            "limits": {
                "orderSizeMinimum": (cfg.terms.stake_min / 1_000_000).to_string(),
                "orderSizeMinimumBaseUnits": cfg.terms.stake_min.to_string(),
                "minRestingOrderSizeBaseUnits": cfg.terms.rest_min.to_string(),
                "maxCreateOrders": CREATE_MAX,
                "maxCancelOrders": CANCEL_MAX,
            },
            "transferToProxyExecutorAddress": "0x52adf738AAD93c31f798a30b2C74D658e1E9a562",
        });
        if cfg.switches.delay_shape.is != "absent" {
            data["bettingDelay"]["leagueIdToMs"] = Value::Object(map(&cfg.delays.live_by_league));
            data["bettingDelay"]["sportIdToMs"] = Value::Object(map(&cfg.delays.live_by_sport));
        }
        data
    }

    pub(super) fn active_markets(&self, target: &Target<'_>) -> Answer {
        if target.get("type").is_some() && target.get("betGroup").is_some() {
            return Err(Refused::code("BOTH_TYPE_AND_BET_GROUP_PRESENT"));
        }
        let (sports, types) = (target.list("sportIds"), target.list("type"));
        let ids = target.list("eventId").or_else(|| target.list("sportXeventId")).or_else(|| target.list("sportXEventId"));
        let ids = ids.filter(|_| !self.cfg.switches.event_filter_ignored);
        let mut rows = Vec::new();
        for fixture in self.fixtures.values() {
            let (event, id) = (&fixture.event, event_id(fixture.event.number));
            let fits = sports.as_ref().is_none_or(|s| s.contains(&sport(event.sport).0.to_string().as_str()))
                && target.get("leagueId").is_none_or(|l| l == event.league.sx_id.to_string())
                && ids.as_ref().is_none_or(|i| i.contains(&id.as_str()))
                && (!target.flag("liveOnly") || event.phase == Phase::Live);
            let wanted = |market: usize| {
                (!target.flag("onlyMainLine") || self.markets[market].main_line != Some(false))
                    && types.as_ref().is_none_or(|t| t.contains(&self.type_number(market).to_string().as_str()))
                    && self.is_active(market)
            };
            rows.extend(fixture.markets.iter().copied().filter(|m| fits && wanted(*m)));
        }
        let size = target.page("pageSize", 50, 100)?;
        let (page, next) = cut_page(rows, size, target.get("paginationKey"))?;
        let page: Vec<Value> = page.into_iter().map(|m| self.market_row(m)).collect();
        let mut data = json!({ "markets": page });
        put_next(&mut data, next);
        Ok(data)
    }

    pub(super) fn find_markets(&self, target: &Target<'_>) -> Answer {
        let hashes = target.list("marketHashes").filter(|h| !h.is_empty() && h.len() <= 30);
        let hashes = hashes.ok_or_else(|| Refused::code("BAD_MARKET_HASHES"))?;
        let markets: Result<Vec<Option<usize>>, _> =
            hashes.iter().map(|h| h.parse::<B256>().map(|h| self.by_hash.get(&h).copied())).collect();
        let markets = markets.map_err(|_| Refused::code("BAD_MARKET_HASHES"))?;
        Ok(markets.into_iter().flatten().map(|m| self.market_row(m)).collect())
    }

    /// Ten main markets of what comes next.
    pub(super) fn popular_markets(&self) -> Value {
        let first = |f: &Fixture| f.markets.first().copied().filter(|m| self.bettable(*m));
        let mut soon: Vec<(i64, usize)> =
            self.fixtures.values().filter_map(|f| first(f).map(|m| (f.event.starts_ms, m))).collect();
        soon.sort_unstable();
        soon.into_iter().take(10).map(|(_, m)| self.market_row(m)).collect()
    }

    pub(super) fn search(&self, target: &Target<'_>) -> Answer {
        let words = target.get("query").map(str::to_lowercase).filter(|q| q.len() >= 3);
        let words = words.ok_or_else(|| Refused::listed("query must be longer than or equal to 3 characters"))?;
        let named = |f: &&Fixture| f.event.names(Venue::Sx).iter().any(|n| n.to_lowercase().contains(&words));
        let found = self.fixtures.values().filter(named).flat_map(|f| f.markets.iter().copied());
        Ok(json!({ "markets": found.filter(|m| self.bettable(*m)).take(100).map(|m| self.market_row(m)).collect::<Vec<_>>() }))
    }

    pub(super) fn sports_list() -> Value {
        SPORTS.iter().enumerate().map(|(i, label)| json!({ "sportId": i + 1, "label": label })).collect()
    }

    /// Leagues; with `active` those that have open markets, and how many fixtures by group.
    pub(super) fn leagues(&self, target: &Target<'_>, active: bool) -> Value {
        let mut by_id: BTreeMap<i64, (&Fixture, i64)> = BTreeMap::new();
        for fixture in self.fixtures.values().filter(|f| !f.settled) {
            by_id.entry(fixture.event.league.sx_id).or_insert((fixture, 0)).1 += 1;
        }
        let wanted = |f: &Fixture| target.get("sportId").is_none_or(|s| s == sport(f.event.sport).0.to_string());
        let rows = by_id.into_values().filter(|(f, _)| wanted(f)).map(|(fixture, count)| {
            let league = &fixture.event.league;
            let mut row = json!({ "leagueId": league.sx_id, "label": league.sx_label, "sportId": sport(fixture.event.sport).0 });
            if active {
                row["eventsByType"] = match fixture.event.sport {
                    Sport::Soccer => json!({ "1X2": count, "game-lines": count }),
                    Sport::Basketball | Sport::Tennis => json!({ "game-lines": count }),
                };
            } else {
                row["active"] = json!(true);
            }
            row
        });
        rows.collect()
    }

    pub(super) fn league_teams(&self, target: &Target<'_>) -> Value {
        let here = |f: &&Fixture| target.get("leagueId").is_some_and(|l| l == f.event.league.sx_id.to_string());
        let names: std::collections::BTreeSet<&str> =
            self.fixtures.values().filter(here).flat_map(|f| f.event.names(Venue::Sx)).collect();
        let teams: Vec<Value> = names.into_iter().map(|name| json!({ "name": name, "medium_name": name })).collect();
        json!({ "teams": teams })
    }

    pub(super) fn fixture_status(fixture: &Fixture, now: SimNow) -> u8 {
        match fixture.event.phase {
            Phase::Scheduled if fixture.event.starts_ms - now.ms() <= SOON_MS => 9,
            Phase::Scheduled => 1,
            Phase::Live => 2,
            Phase::Finished => 3,
            Phase::Cancelled => 4,
            Phase::Postponed => 5,
            Phase::Abandoned => 7,
        }
    }

    pub(super) fn fixture_row(fixture: &Fixture, now: SimNow) -> Value {
        let event = &fixture.event;
        let [one, two] = event.names(Venue::Sx);
        json!({
            "participantOneName": one,
            "participantTwoName": two,
            "startDate": iso(event.starts_ms_at(Venue::Sx)),
            "status": Self::fixture_status(fixture, now),
            "leagueId": event.league.sx_id,
            "leagueLabel": event.league.sx_label,
            "sportId": sport(event.sport).0,
            "eventId": event_id(event.number),
        })
    }

    pub(super) fn active_fixtures(&self, target: &Target<'_>, now: SimNow) -> Answer {
        let league = target.get("leagueId").ok_or_else(|| Refused::listed("leagueId must be a number string"))?;
        let shown = |f: &&Fixture| {
            f.event.league.sx_id.to_string() == league && matches!(Self::fixture_status(f, now), 1 | 2 | 6 | 7 | 8 | 9)
        };
        Ok(self.fixtures.values().filter(shown).map(|f| Self::fixture_row(f, now)).collect())
    }

    pub(super) fn fixture_statuses(&self, target: &Target<'_>, now: SimNow) -> Answer {
        let ids = target.list("sportXEventIds").or_else(|| target.list("sportXeventIds"));
        let ids = ids.ok_or_else(|| Refused::code("BAD_SPORTX_EVENT_IDS"))?;
        let found =
            ids.into_iter().filter_map(|id| Some((id.to_owned(), json!(Self::fixture_status(self.fixture_by_id(id)?, now)))));
        Ok(Value::Object(found.collect()))
    }

    pub(super) fn score_row(&self, fixture: &Fixture, now: SimNow) -> Value {
        let event = &fixture.event;
        let score = event.score_for(Venue::Sx, self.cfg.sports.score(event, now));
        let minute = (now.ms() - event.starts_ms).max(0) / 60_000;
        let mut row = json!({
            "teamOneScore": score.one,
            "teamTwoScore": score.two,
            "currentPeriod": if event.phase == Phase::Live { "In play" } else { "Ended" },
            "periodTime": if event.sport == Sport::Soccer { minute.to_string() } else { "-1".to_owned() },
            "periods": [],
            "extra": "[]",
            "sportId": sport(event.sport).0,
            "leagueId": event.league.sx_id,
            "createdAt": iso(event.starts_ms),
            "updatedAt": iso(now.ms()),
        });
        row[self.cfg.switches.event_id.is] = json!(event_id(event.number));
        row
    }

    pub(super) fn live_scores(&self, target: &Target<'_>, now: SimNow) -> Answer {
        let ids = target.list("sportXEventIds").or_else(|| target.list("sportXeventIds"));
        let ids = ids.filter(|i| i.len() <= 50).ok_or_else(|| Refused::code("BAD_SPORTX_EVENT_IDS"))?;
        let begun = |f: &&Fixture| matches!(f.event.phase, Phase::Live | Phase::Finished | Phase::Abandoned);
        Ok(ids.into_iter().filter_map(|id| self.fixture_by_id(id)).filter(begun).map(|f| self.score_row(f, now)).collect())
    }

    fn market_of(&self, target: &Target<'_>) -> Result<usize, Refused> {
        let hash = target.get("marketHash").and_then(|h| h.parse::<B256>().ok());
        let hash = hash.ok_or_else(|| Refused::listed("marketHash must be a 32-byte hex string"))?;
        self.by_hash.get(&hash).copied().ok_or_else(|| Refused::with(404, "Market not found"))
    }

    pub(super) fn snapshot(&mut self, target: &Target<'_>, now: SimNow) -> Answer {
        let market = self.market_of(target)?;
        self.refresh(market, now);
        Ok(self.book_row(market, target.flag("showTakerPerspective")))
    }

    pub(super) fn event_snapshot(&mut self, target: &Target<'_>, now: SimNow) -> Answer {
        let id = target.get("eventId").ok_or_else(|| Refused::listed("eventId must be a string"))?;
        let fixture = self.fixture_by_id(id).ok_or_else(|| Refused::with(404, "Event not found"))?;
        let (page, next) = cut_page(fixture.markets.clone(), 20, target.get("nextKey"))?;
        let mut rows = Vec::new();
        for market in page {
            self.refresh(market, now);
            rows.push(self.book_row(market, target.flag("showTakerPerspective")));
        }
        let mut data = json!({ "markets": rows });
        put_next(&mut data, next);
        Ok(data)
    }

    pub(super) fn best_odds(&mut self, target: &Target<'_>, now: SimNow) -> Answer {
        let hashes = target.list("marketHashes").filter(|h| !h.is_empty() && h.len() <= 100);
        let hashes = hashes.ok_or_else(|| Refused::code("BAD_MARKET_HASHES"))?;
        let mut rows = Vec::new();
        for hash in hashes {
            let hash: B256 = hash.parse().map_err(|_| Refused::code("BAD_MARKET_HASHES"))?;
            if let Some(&market) = self.by_hash.get(&hash) {
                self.refresh(market, now);
                rows.push(self.best_row(market));
            }
        }
        Ok(json!({ "bestOdds": rows }))
    }

    /// The anonymous tape of a market, newest first.
    pub(super) fn public_trades(&self, target: &Target<'_>) -> Answer {
        let market = self.market_of(target)?;
        let matches = self.matches_of.get(&market).into_iter().flatten().rev();
        let rows = matches.map(|m| self.trade_print(self.matches[*m].fills[0])["trade"].clone()).collect();
        let (page, next) = super::account::paged(rows, target)?;
        let mut data = json!({ "trades": page });
        put_next(&mut data, next);
        Ok(data)
    }

    /// A taker's fill as the public sees it (section 11.1).
    pub(super) fn trade_print(&self, index: usize) -> Value {
        let fill = &self.fills[index];
        let Market { hash, event, .. } = &self.markets[fill.market];
        let row = self.market_row(fill.market);
        json!({ "trade": {
            "tradeId": alloy_primitives::keccak256(format!("sx print {} {index}", self.cfg.seed)).to_string(),
            "marketHash": hash.to_string(),
            "eventId": event_id(*event),
            "isBettingOutcomeOne": fill.one,
            "totalStake": fill.stake.to_string(),
            "totalReturn": ladder::returns(fill.stake, fill.p).to_string(),
            "weightedAverageOdds": fill.p.to_string(),
            "betTime": iso(self.matches[fill.of].created_ms),
            "type": row["type"],
            "sportId": row["sportId"],
            "leagueLabel": row["leagueLabel"],
            "teamOneName": row["teamOneName"],
            "teamTwoName": row["teamTwoName"],
            "outcomeLabel": self.outcome_label(fill.market, fill.one),
            "gameTime": row["gameTime"],
            "isParlay": false,
        } })
    }
}
