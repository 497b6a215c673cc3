//! Texts of venues as lower-case words of plain Latin letters, so that spelling conventions do not matter.
//!
//! Knows letters and cities, no clubs. Called by [`crate::names`] and [`crate::leagues`].

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Longer texts are cut: no venue's name is that long, and comparing words costs their product.
const CHARS_MAX: usize = 120;

/// The words of a text: accents off, letters plain, case gone, dots of abbreviations closed up, own-language names of cities and
/// common abbreviations written out.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut plain = String::new();
    for c in text.chars().take(CHARS_MAX).nfkd().filter(|c| !is_combining_mark(*c)) {
        match c {
            '\'' | '’' | '‘' | '`' | 'ʻ' => {}
            '&' => plain.push_str(" and "),
            c if c.is_alphanumeric() || c == '.' => match plain_letter(c) {
                Some(letters) => plain.push_str(letters),
                None => plain.extend(c.to_lowercase()),
            },
            _ => plain.push(' '),
        }
    }
    let mut words: Vec<String> = Vec::new();
    for chunk in plain.split(' ') {
        let parts: Vec<&str> = chunk.split('.').filter(|part| !part.is_empty()).collect();
        // "F.C." is one word, "St.Gallen" is two, and so are the initials of "J.M." where only they are: those stay apart.
        if parts.len() > 1 && parts.iter().all(|part| part.chars().count() == 1) && GENERIC.contains(&parts.concat().as_str()) {
            words.push(parts.concat());
        } else {
            words.extend(parts.into_iter().map(str::to_owned));
        }
    }
    under_ages(words).into_iter().map(|word| written_out(&word).map_or(word, str::to_owned)).collect()
}

/// "U 21", "U-21" and "Under 21" are the one word "u21".
fn under_ages(words: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::with_capacity(words.len());
    for word in words {
        let age = word.len() == 2 && word.bytes().all(|b| b.is_ascii_digit());
        match out.last_mut() {
            Some(last) if age && (last == "u" || last == "under") => *last = format!("u{word}"),
            _ => out.push(word),
        }
    }
    out
}

/// Letters that no decomposition makes plain.
const fn plain_letter(c: char) -> Option<&'static str> {
    Some(match c {
        'ø' | 'Ø' => "o",
        'ł' | 'Ł' => "l",
        'đ' | 'Đ' | 'ð' | 'Ð' => "d",
        'ß' | 'ẞ' => "ss",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        'ı' | 'İ' => "i",
        'þ' | 'Þ' => "th",
        'ə' | 'Ə' => "e",
        'ħ' | 'Ħ' => "h",
        _ => return None,
    })
}

/// The same word where some write "oe" for "ö" and others "o": both without the "e", and a doubled "a" single.
pub(crate) fn closed_up(word: &str) -> String {
    word.replace("oe", "o").replace("ae", "a").replace("ue", "u").replace("aa", "a").replace("ij", "y")
}

/// Words that name no club: legal forms, sports, articles. Dropped before names are compared.
pub(crate) const GENERIC: &[&str] = &[
    "ac",
    "acf",
    "ad",
    "afc",
    "aj",
    "ao",
    "as",
    "asd",
    "bc",
    "bk",
    "bsc",
    "bv",
    "ca",
    "calcio",
    "cd",
    "cf",
    "cfc",
    "cfr",
    "club",
    "clube",
    "cp",
    "cr",
    "cs",
    "csm",
    "da",
    "de",
    "del",
    "di",
    "do",
    "ec",
    "esporte",
    "fbc",
    "fbpa",
    "fc",
    "fcm",
    "ff",
    "fk",
    "football",
    "foot",
    "fotball",
    "fsv",
    "futbol",
    "fussball",
    "futebol",
    "fw",
    "gfc",
    "gks",
    "gnk",
    "hc",
    "hk",
    "hnk",
    "hsk",
    "if",
    "il",
    "is",
    "jk",
    "kaa",
    "kf",
    "kk",
    "kks",
    "kp",
    "krc",
    "ks",
    "kv",
    "kvc",
    "lks",
    "mfk",
    "mks",
    "nk",
    "ofk",
    "ogc",
    "osc",
    "pae",
    "pfc",
    "pfk",
    "rc",
    "rcd",
    "rks",
    "rsc",
    "sa",
    "sad",
    "sc",
    "sco",
    "scp",
    "sd",
    "se",
    "sfc",
    "sk",
    "skf",
    "sl",
    "sm",
    "spvgg",
    "ss",
    "ssc",
    "ssd",
    "ssv",
    "sv",
    "sz",
    "the",
    "tjs",
    "ts",
    "tsg",
    "tsv",
    "ud",
    "us",
    "uss",
    "vfb",
    "vfl",
    "vfr",
    "vv",
    "wks",
    "zks",
    "basket",
    "basketball",
    "baloncesto",
    "hockey",
    "esports",
    "esport",
    "gaming",
    "team",
    "clan",
];

/// Names that both languages have, and abbreviations that can mean one thing only.
fn written_out(word: &str) -> Option<&'static str> {
    WRITTEN_OUT.iter().find(|(short, _)| *short == word).map(|(_, long)| *long)
}

const WRITTEN_OUT: &[(&str, &str)] = &[
    ("antwerpen", "antwerp"),
    ("ath", "athletic"),
    ("athina", "athens"),
    ("beograd", "belgrade"),
    ("brugge", "bruges"),
    ("bucuresti", "bucharest"),
    ("ctr", "central"),
    ("dep", "deportivo"),
    ("dinamo", "dynamo"),
    ("firenze", "florence"),
    ("geneve", "geneva"),
    ("gent", "ghent"),
    ("goteborg", "gothenburg"),
    ("goeteborg", "gothenburg"),
    ("kiev", "kyiv"),
    ("koebenhavn", "copenhagen"),
    ("kobenhavn", "copenhagen"),
    ("koeln", "cologne"),
    ("koln", "cologne"),
    ("kobnhavn", "copenhagen"),
    ("krakow", "cracow"),
    ("lisboa", "lisbon"),
    ("lokomotive", "lokomotiv"),
    ("luzern", "lucerne"),
    ("milano", "milan"),
    ("moskva", "moscow"),
    ("moskau", "moscow"),
    ("muenchen", "munich"),
    ("munchen", "munich"),
    ("nottm", "nottingham"),
    ("nuernberg", "nuremberg"),
    ("nurnberg", "nuremberg"),
    ("nurenberg", "nuremberg"),
    ("pireus", "piraeus"),
    ("praha", "prague"),
    ("prag", "prague"),
    ("saloniki", "thessaloniki"),
    ("sevilla", "seville"),
    ("sheff", "sheffield"),
    ("sofija", "sofia"),
    ("st", "saint"),
    ("ste", "saint"),
    ("tiblisi", "tbilisi"),
    ("univ", "universidad"),
    ("utd", "united"),
    ("warszawa", "warsaw"),
    ("wien", "vienna"),
    ("zaragoza", "saragossa"),
];

/// How many letters have to be put in, taken out, changed, or swapped with their neighbour to make one word of the other.
pub(crate) fn letters_apart(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    // Three rows of the usual table: two back for neighbours that changed places.
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], n: usize| row.get(n).copied().unwrap_or(usize::MAX / 2);
            let mut least = (at(&last, j) + usize::from(x != y)).min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let crossed = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if crossed {
                least = least.min(at(&before, j - 1) + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_plain_words() {
        let check = |text: &str, expect: &str| assert_eq!(words(text).join(" "), expect, "{text}");
        check("1. FC Köln", "1 fc cologne");
        check("F.C. København", "fc copenhagen");
        check("Atlético de Madrid", "atletico de madrid");
        check("Bodø/Glimt", "bodo glimt");
        check("Łódź", "lodz");
        check("Nott'm Forest", "nottingham forest");
        check("Paris Saint-Germain", "paris saint germain");
        check("St. Gallen", "saint gallen");
        check("Brighton & Hove Albion", "brighton and hove albion");
        check("Djokovic N.", "djokovic n");
        check("Cerundolo J.M.", "cerundolo j m");
        check("England Under 21", "england u21");
        check("Brøndby IF U-19", "brondby if u19");
        check("Beşiktaş", "besiktas");
        check("İstanbul Başakşehir", "istanbul basaksehir");
        check("  ", "");
        check("!?...", "");
    }

    #[test]
    fn letters_apart_counts_changes() {
        let check = |a: &str, b: &str, expect: usize| {
            assert_eq!(letters_apart(a, b), expect, "{a} {b}");
            assert_eq!(letters_apart(b, a), expect, "{b} {a}");
        };
        check("", "", 0);
        check("", "abc", 3);
        check("gambia", "zambia", 1);
        check("kashima", "kashiwa", 1);
        check("alcaraz", "alcarza", 1);
        check("slovenia", "slovakia", 2);
    }
}
