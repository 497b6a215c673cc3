//! A line's money reckoned again from its odds, without the bot's arithmetic.

use serde_json::Value;

/// A decimal with up to eight digits behind the point, at 1e-8.
fn e8(value: &Value) -> i128 {
    let text = value.as_str().unwrap_or_else(|| panic!("no decimal: {value}"));
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let negative = whole.starts_with('-');
    let digits: i128 = format!("{}{rest:0<8}", whole.trim_start_matches('-')).parse().unwrap();
    if negative { -digits } else { digits }
}

/// Return and stake of exact odds.
fn ratio(side: &Value) -> (i128, i128) {
    let (gets, puts) = side["odds_exact"].as_str().unwrap().split_once('/').unwrap();
    (gets.parse().unwrap(), puts.parse().unwrap())
}

/// Holds everything that a line says about money to its odds.
pub(crate) fn check(line: &Value) {
    let sides = [&line["sides"][0], &line["sides"][1]];
    if sides.iter().any(|side| side["odds_exact"].is_null() || side["fee_percent"].is_null()) || line["m_net"].is_null() {
        return;
    }
    let m_net = e8(&line["m_net"]);
    if line["spent"].is_null() {
        return plain(line, sides, m_net);
    }
    let mut payouts = Vec::new();
    let mut spent = 0;
    for side in sides {
        // Base units of 1e-6.
        let (stake, cost) = (e8(&side["stake"]) / 100, e8(&side["cost"]) / 100);
        let (gets, puts) = ratio(side);
        let returns = stake * gets / puts;
        // A percentage at 1e-8 is a fraction at 1e-10.
        let fee = ((returns - stake) * e8(&side["fee_percent"]) + 9_999_999_999) / 10_000_000_000;
        assert_eq!(e8(&side["payout"]) / 100, returns - fee, "{line}");
        assert_eq!(stake % (e8(&side["step"]) / 100), 0, "{line}");
        assert!(stake <= e8(&side["size"]) / 100, "{line}");
        payouts.push(returns - fee);
        spent += stake + cost;
    }
    assert_eq!(e8(&line["spent"]) / 100, spent, "{line}");
    let worst = payouts.iter().min().unwrap() - spent;
    assert_eq!(e8(&line["worst"]) / 100, worst, "{line}");
    // m_net is in percent with six decimals, rounded down.
    assert_eq!(m_net / 100, (worst * 100_000_000).div_euclid(spent), "{line}");
    assert!(m_net <= e8(&line["m_net_exact"]), "{line}");
}

/// Without a round the margin is that of the odds, with the costs of the largest split if that is why.
fn plain(line: &Value, sides: [&Value; 2], m_net: i128) {
    let number = |value: &Value| value.as_str().unwrap().parse::<f64>().unwrap();
    let effective = sides.map(|side| {
        let (gets, puts) = ratio(side);
        1.0 + (gets as f64 / puts as f64 - 1.0) * (1.0 - number(&side["fee_percent"]) / 100.0)
    });
    let need = 1.0 / effective[0] + 1.0 / effective[1];
    let cost: f64 = sides.iter().map(|side| number(&side["cost"])).sum();
    let room = [0, 1].map(|n| number(&sides[n]["size"]) * effective[n]);
    let pays = ((100.0 - cost) / need).min(room[0]).min(room[1]);
    let with_costs = pays / (pays * need + cost) - 1.0;
    let without = 1.0 / need - 1.0;
    let stated = m_net as f64 / 1e10;
    let near = |exact: f64| (stated - exact).abs() < 2e-8;
    assert!(near(with_costs) || near(without), "{stated} is neither {with_costs} nor {without}: {line}");
}

#[test]
#[should_panic(expected = "is neither")]
fn a_wrong_margin_is_found() {
    check(&serde_json::json!({ "m_net": "-1.00", "spent": null, "sides": [
        { "odds_exact": "2/1", "fee_percent": "0.00", "cost": "0", "size": "100" },
        { "odds_exact": "19/10", "fee_percent": "0.00", "cost": "0", "size": "100" },
    ]}));
}
