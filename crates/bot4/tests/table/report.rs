//! The table as Markdown.

use crate::cell::{Cell, Fault, Fill, Phase};
use crate::cell_run::Played;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A table per phase, a row per fill pair, a column per fault.
pub(crate) fn markdown(played: &[(Cell, Result<Played, String>)]) -> String {
    let cells: BTreeMap<Cell, &Result<Played, String>> = played.iter().map(|(c, p)| (*c, p)).collect();
    let mut reasons: Vec<&'static str> = Vec::new();
    let mut text = String::new();
    for phase in Phase::ALL {
        let _ = write!(text, "| {}: leg A x leg B |", phase.word());
        Fault::ALL.iter().for_each(|f| text.push_str(&format!(" {} |", f.word())));
        text.push_str("\n|---|");
        Fault::ALL.iter().for_each(|_| text.push_str("---|"));
        text.push('\n');
        for (a, b) in Fill::ALL.into_iter().flat_map(|a| Fill::ALL.map(|b| (a, b))) {
            let _ = write!(text, "| {} x {} |", a.word(), b.word());
            for fault in Fault::ALL {
                let told = match cells.get(&Cell { phase, fault, fills: [a, b] }) {
                    None => String::new(),
                    Some(Err(_)) => "FAILED".to_owned(),
                    Some(Ok(Played { impossible: Some(why), .. })) => {
                        let place = reasons.iter().position(|r| r == why).unwrap_or_else(|| {
                            reasons.push(why);
                            reasons.len() - 1
                        });
                        format!("- ({})", place + 1)
                    }
                    Some(Ok(p)) => format!("{} {}", p.ending, p.uncovered_ms),
                };
                let _ = write!(text, " {told} |");
            }
            text.push('\n');
        }
        text.push('\n');
    }
    text.push_str("`held`: both legs open and the same; otherwise the round's ending. The number: longest time one leg was uncovered, ms.\n");
    for (i, why) in reasons.iter().enumerate() {
        let _ = writeln!(text, "\n({}) {why}.", i + 1);
    }
    text
}
