//! The hot path does not allocate: a depth frame after its buffers have grown.

use crate::harness::*;
use venue_api::{Frame, VenueClient};

#[test]
fn a_depth_frame_allocates_nothing_after_warm_up() {
    let mut rig = Rig::ready();
    let usual = fixture("v3_ws_depth_nq_2026_10_07").replace("NDX-USD-PERP", "BTC-PERP");
    let unsorted = r#"{"channel":"ETH-PERP@depth","data":{"bids":[["1","1"],["3","1"],["2","1"]],"asks":[["5","1"],["4","1"]]}}"#;
    let (client, out, now) = (&mut rig.client, &mut rig.out, rig.now);
    let mut run = || {
        for text in [usual.as_str(), unsorted] {
            client.on_frame(FEED, Frame::Text(text), now, out);
            client.on_frame(FEED, Frame::Binary(text.as_bytes()), now, out);
        }
        assert_eq!((out.market.len(), out.actions.len()), (4, 0));
        out.clear();
    };
    run();
    let counted = allocation_counter::measure(|| (0..1_000).for_each(|_| run()));
    assert_eq!(counted.count_total, 0);
    assert_eq!(rig.client.feed_counters().fallbacks, 0);
}
