//! A venue whose two connections lead to two places: Vest's market data from v3, its orders and account from v2.

use crate::far::{self, Connections, Far};
use crate::figures::Figures;

#[test]
fn market_data_of_the_third_generation_and_orders_of_the_second_make_rounds_together() {
    let far = Far::new(0);
    let folder = far.folder_with(Connections::Kept, &far.data_v3());
    let ended = far::trade(folder.path(), 2);
    let connected = |line: &str| ended.log.iter().any(|l| l["message"] == line);
    assert!(connected("Vest WebSocket connected"), "market data");
    assert!(Figures::read(folder.path(), &ended).both_filled().n >= 2, "orders went out and were filled");
    let asked = far.vest_upgrades();
    assert!(asked.iter().any(|target| target.starts_with("/ws?version=1.0")), "the feed is v3: {asked:?}");
    assert!(
        asked.iter().any(|target| target.starts_with("/ws-api?") && target.contains("listenKey=")),
        "orders are v2: {asked:?}"
    );
    assert!(
        !asked.iter().any(|target| target.starts_with("/ws-api?") && !target.contains("listenKey=")),
        "no feed of v2: {asked:?}"
    );
}
