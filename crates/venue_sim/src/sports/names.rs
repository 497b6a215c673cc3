//! Who plays in which league, as each venue writes it, with what makes matching hard: women, reserves, the same two teams twice
//! within days, one city's clubs, accents, abbreviations, neutral ground.

use super::{League, Sport, Team};

/// A league whose events follow each other.
pub(super) struct Series {
    /// Draws are named after it.
    pub name: &'static str,
    pub sport: Sport,
    pub league: League,
    /// One event every so many minutes.
    pub every_min: i64,
    pub length_min: i64,
    /// The same pair so many times in a row, at alternating homes.
    pub repeats: u64,
    /// Played on neutral ground: the venues may disagree on who is first.
    pub neutral: bool,
    pub teams: &'static [Team],
}

impl Series {
    /// Two different teams.
    pub(super) fn pair(&self, drawn: u64) -> [Team; 2] {
        let n = self.teams.len() as u64;
        let one = drawn % n;
        let two = (one + 1 + (drawn >> 16) % (n - 1)) % n;
        [self.teams[one as usize], self.teams[two as usize]]
    }
}

const fn team(sx: &'static str, azuro: &'static str) -> Team {
    Team { sx, azuro }
}

const fn league(sx: (&'static str, i64), azuro: (&'static str, &'static str), country: (&'static str, &'static str)) -> League {
    League {
        sx_label: sx.0,
        sx_id: sx.1,
        azuro_name: azuro.0,
        azuro_slug: azuro.1,
        azuro_country: country.0,
        azuro_country_slug: country.1,
    }
}

pub(super) const SERIES: &[Series] = &[
    Series {
        name: "england",
        sport: Sport::Soccer,
        league: league(("English Premier League", 29), ("Premier League", "premier-league"), ("England", "england")),
        every_min: 190,
        length_min: 115,
        repeats: 1,
        neutral: false,
        teams: &[
            team("Manchester United", "Manchester Utd"),
            team("Manchester City", "Man City"),
            team("Arsenal", "Arsenal FC"),
            team("Tottenham Hotspur", "Tottenham"),
            team("Wolverhampton Wanderers", "Wolves"),
            team("Brighton and Hove Albion", "Brighton"),
            team("Nottingham Forest", "Nottingham Forest"),
            team("Newcastle United", "Newcastle"),
            team("West Ham United", "West Ham"),
            team("AFC Bournemouth", "Bournemouth"),
        ],
    },
    Series {
        name: "spain",
        sport: Sport::Soccer,
        league: league(("La Liga", 1114), ("LaLiga", "laliga"), ("Spain", "spain")),
        every_min: 730,
        length_min: 115,
        repeats: 1,
        neutral: false,
        teams: &[
            team("Atletico Madrid", "Atlético de Madrid"),
            team("Real Madrid", "Real Madrid CF"),
            team("Athletic Bilbao", "Athletic Club"),
            team("Real Sociedad", "Real Sociedad"),
            team("Deportivo Alavés", "Alaves"),
            team("FC Barcelona", "Barcelona"),
            team("Celta Vigo", "RC Celta"),
        ],
    },
    Series {
        name: "ukraine",
        sport: Sport::Soccer,
        league: league(("Ukraine Premier League", 1502), ("Premier League", "premier-league"), ("Ukraine", "ukraine")),
        every_min: 430,
        length_min: 115,
        repeats: 1,
        neutral: false,
        teams: &[
            team("Dynamo Kyiv", "Dynamo Kiev"),
            team("Shakhtar Donetsk", "FC Shakhtar Donetsk"),
            team("Zorya Luhansk", "Zorya"),
            team("Vorskla Poltava", "FC Vorskla"),
        ],
    },
    Series {
        name: "england women",
        sport: Sport::Soccer,
        league: league(("Women's Super League", 1378), ("WSL", "wsl"), ("England", "england")),
        every_min: 380,
        length_min: 115,
        repeats: 1,
        neutral: false,
        teams: &[
            team("Arsenal Women", "Arsenal (W)"),
            team("Manchester United WFC", "Manchester Utd (W)"),
            team("Manchester City Women", "Man City (W)"),
            team("Tottenham Hotspur Women", "Tottenham (W)"),
        ],
    },
    Series {
        name: "england reserves",
        sport: Sport::Soccer,
        league: league(("Premier League 2", 1801), ("Premier League 2", "premier-league-2"), ("England", "england")),
        every_min: 570,
        length_min: 115,
        repeats: 1,
        neutral: false,
        teams: &[
            team("Arsenal U21", "Arsenal FC U-21"),
            team("Manchester United U21", "Manchester Utd U-21"),
            team("Newcastle United U21", "Newcastle U-21"),
            team("West Ham United U21", "West Ham U-21"),
        ],
    },
    Series {
        name: "friendlies",
        sport: Sport::Soccer,
        league: league(
            ("International Friendlies", 1236),
            ("International Friendlies", "international-friendlies"),
            ("International Tournaments", "international-tournaments"),
        ),
        every_min: 510,
        length_min: 115,
        repeats: 1,
        neutral: true,
        teams: &[
            team("Ivory Coast", "Côte d'Ivoire"),
            team("South Korea", "Korea Republic"),
            team("Turkey", "Türkiye"),
            team("United States", "USA"),
            team("Czech Republic", "Czechia"),
            team("Brazil", "Brazil"),
        ],
    },
    Series {
        name: "nba",
        sport: Sport::Basketball,
        league: league(("NBA", 1), ("NBA", "nba"), ("USA", "usa")),
        every_min: 470,
        length_min: 150,
        repeats: 2,
        neutral: false,
        teams: &[
            team("Los Angeles Lakers", "LA Lakers"),
            team("LA Clippers", "Los Angeles Clippers"),
            team("New York Knicks", "NY Knicks"),
            team("Golden State Warriors", "GS Warriors"),
            team("Philadelphia 76ers", "Philadelphia Sixers"),
            team("Oklahoma City Thunder", "OKC Thunder"),
        ],
    },
    Series {
        name: "euroleague",
        sport: Sport::Basketball,
        league: league(
            ("Euroleague", 1047),
            ("EuroLeague", "euroleague"),
            ("International Tournaments", "international-tournaments"),
        ),
        every_min: 1_130,
        length_min: 120,
        repeats: 1,
        neutral: false,
        teams: &[
            team("Real Madrid", "Real Madrid Baloncesto"),
            team("Fenerbahce", "Fenerbahçe Beko"),
            team("Olympiacos Piraeus", "Olympiakos BC"),
            team("KK Crvena Zvezda", "Crvena zvezda"),
            team("Zalgiris Kaunas", "Žalgiris"),
        ],
    },
    Series {
        name: "atp",
        sport: Sport::Tennis,
        league: league(("ATP Challenger", 1070), ("ATP Challenger Tour", "atp-challenger"), ("ATP", "atp")),
        every_min: 35,
        length_min: 100,
        repeats: 1,
        neutral: false,
        teams: &[
            team("Nikoloz Basilashvili", "Basilashvili N."),
            team("Alejandro Davidovich Fokina", "Davidovich Fokina A."),
            team("Francisco Cerundolo", "Cerúndolo F."),
            team("Juan Manuel Cerundolo", "Cerúndolo J. M."),
            team("Stefanos Sakellaridis", "Sakellaridis S."),
            team("Jan-Lennard Struff", "Struff J. L."),
        ],
    },
    Series {
        name: "wta",
        sport: Sport::Tennis,
        league: league(("WTA Singles", 1074), ("WTA 250", "wta-250"), ("WTA", "wta")),
        every_min: 95,
        length_min: 95,
        repeats: 1,
        neutral: false,
        teams: &[
            team("Karolina Pliskova", "Karolína Plíšková"),
            team("Kristyna Pliskova", "Kristýna Plíšková"),
            team("Linda Noskova", "Nosková Linda"),
            team("Qinwen Zheng", "Zheng Qinwen"),
            team("Lan Mi", "Mi Lan"),
        ],
    },
];
