//! Names that are known to mean the same team, and those that sound alike and do not.
//!
//! Two names that are both known and belong to different teams are different, however alike they look: that is what keeps
//! "Inter" from "AC Milan". Everything here is written as [`crate::words`] leaves a name. Called by [`crate::names`].

use domain::listing::Sport;

/// The known team of a name, by its words without the generic ones; `None` for all others.
pub(crate) fn team(sport: Sport, core: &str) -> Option<&'static str> {
    if core.is_empty() {
        return None;
    }
    let nicknamed = match sport {
        Sport::Basketball => NBA,
        Sport::Football => NFL,
        Sport::Hockey => NHL,
        Sport::Baseball => MLB,
        _ => &[],
    };
    let known = |(place, nick): &&(&str, &str)| {
        core == *nick || core.strip_suffix(nick).and_then(|rest| rest.strip_suffix(' ')) == Some(*place)
    };
    if let Some((_, nick)) = nicknamed.iter().find(known) {
        return Some(nick);
    }
    let groups = if sport == Sport::Soccer { CLUBS } else { OTHERS };
    groups.iter().find(|names| names.contains(&core)).and_then(|names| names.first().copied())
}

/// The place or nickname that an abbreviation of North American scoreboards stands for.
pub(crate) fn place(sport: Sport, word: &str) -> Option<&'static str> {
    if !matches!(sport, Sport::Basketball | Sport::Football | Sport::Hockey | Sport::Baseball) {
        return None;
    }
    PLACES.iter().find(|(short, _)| *short == word).map(|(_, long)| *long)
}

const PLACES: &[(&str, &str)] = &[
    ("chi", "chicago"),
    ("gb", "green bay"),
    ("gs", "golden state"),
    ("gsw", "golden state"),
    ("kc", "kansas city"),
    ("la", "los angeles"),
    ("lv", "las vegas"),
    ("minn", "minnesota"),
    ("mtl", "montreal"),
    ("ne", "new england"),
    ("nj", "new jersey"),
    ("no", "new orleans"),
    ("ny", "new york"),
    ("okc", "oklahoma city"),
    ("phi", "philadelphia"),
    ("philly", "philadelphia"),
    ("sa", "san antonio"),
    ("sd", "san diego"),
    ("sf", "san francisco"),
    ("sj", "san jose"),
    ("tb", "tampa bay"),
    ("tor", "toronto"),
    ("wash", "washington"),
    ("cavs", "cavaliers"),
    ("dbacks", "diamondbacks"),
    ("mavs", "mavericks"),
    ("niners", "49ers"),
    ("sixers", "76ers"),
];

/// Place and nickname: the nickname alone names the team, the place alone may not.
const NBA: &[(&str, &str)] = &[
    ("atlanta", "hawks"),
    ("boston", "celtics"),
    ("brooklyn", "nets"),
    ("charlotte", "hornets"),
    ("chicago", "bulls"),
    ("cleveland", "cavaliers"),
    ("dallas", "mavericks"),
    ("denver", "nuggets"),
    ("detroit", "pistons"),
    ("golden state", "warriors"),
    ("houston", "rockets"),
    ("indiana", "pacers"),
    ("los angeles", "clippers"),
    ("los angeles", "lakers"),
    ("memphis", "grizzlies"),
    ("miami", "heat"),
    ("milwaukee", "bucks"),
    ("minnesota", "timberwolves"),
    ("new orleans", "pelicans"),
    ("new york", "knicks"),
    ("oklahoma city", "thunder"),
    ("orlando", "magic"),
    ("philadelphia", "76ers"),
    ("phoenix", "suns"),
    ("portland", "trail blazers"),
    ("sacramento", "kings"),
    ("san antonio", "spurs"),
    ("toronto", "raptors"),
    ("utah", "jazz"),
    ("washington", "wizards"),
];
const NFL: &[(&str, &str)] = &[
    ("arizona", "cardinals"),
    ("atlanta", "falcons"),
    ("baltimore", "ravens"),
    ("buffalo", "bills"),
    ("carolina", "panthers"),
    ("chicago", "bears"),
    ("cincinnati", "bengals"),
    ("cleveland", "browns"),
    ("dallas", "cowboys"),
    ("denver", "broncos"),
    ("detroit", "lions"),
    ("green bay", "packers"),
    ("houston", "texans"),
    ("indianapolis", "colts"),
    ("jacksonville", "jaguars"),
    ("kansas city", "chiefs"),
    ("las vegas", "raiders"),
    ("los angeles", "chargers"),
    ("los angeles", "rams"),
    ("miami", "dolphins"),
    ("minnesota", "vikings"),
    ("new england", "patriots"),
    ("new orleans", "saints"),
    ("new york", "giants"),
    ("new york", "jets"),
    ("philadelphia", "eagles"),
    ("pittsburgh", "steelers"),
    ("san francisco", "49ers"),
    ("seattle", "seahawks"),
    ("tampa bay", "buccaneers"),
    ("tennessee", "titans"),
    ("washington", "commanders"),
];
const NHL: &[(&str, &str)] = &[
    ("anaheim", "ducks"),
    ("boston", "bruins"),
    ("buffalo", "sabres"),
    ("calgary", "flames"),
    ("carolina", "hurricanes"),
    ("chicago", "blackhawks"),
    ("colorado", "avalanche"),
    ("columbus", "blue jackets"),
    ("dallas", "stars"),
    ("detroit", "red wings"),
    ("edmonton", "oilers"),
    ("florida", "panthers"),
    ("los angeles", "kings"),
    ("minnesota", "wild"),
    ("montreal", "canadiens"),
    ("nashville", "predators"),
    ("new jersey", "devils"),
    ("new york", "islanders"),
    ("new york", "rangers"),
    ("ottawa", "senators"),
    ("philadelphia", "flyers"),
    ("pittsburgh", "penguins"),
    ("saint louis", "blues"),
    ("san jose", "sharks"),
    ("seattle", "kraken"),
    ("tampa bay", "lightning"),
    ("toronto", "maple leafs"),
    ("utah", "mammoth"),
    ("vancouver", "canucks"),
    ("vegas", "golden knights"),
    ("washington", "capitals"),
    ("winnipeg", "jets"),
];
const MLB: &[(&str, &str)] = &[
    ("arizona", "diamondbacks"),
    ("atlanta", "braves"),
    ("baltimore", "orioles"),
    ("boston", "red sox"),
    ("chicago", "cubs"),
    ("chicago", "white sox"),
    ("cincinnati", "reds"),
    ("cleveland", "guardians"),
    ("colorado", "rockies"),
    ("detroit", "tigers"),
    ("houston", "astros"),
    ("kansas city", "royals"),
    ("los angeles", "angels"),
    ("los angeles", "dodgers"),
    ("miami", "marlins"),
    ("milwaukee", "brewers"),
    ("minnesota", "twins"),
    ("new york", "mets"),
    ("new york", "yankees"),
    ("philadelphia", "phillies"),
    ("pittsburgh", "pirates"),
    ("san diego", "padres"),
    ("san francisco", "giants"),
    ("seattle", "mariners"),
    ("saint louis", "cardinals"),
    ("tampa bay", "rays"),
    ("texas", "rangers"),
    ("toronto", "blue jays"),
    ("washington", "nationals"),
];

/// Football clubs by their names in use; the first names the club.
const CLUBS: &[&[&str]] = &[
    // England and Scotland.
    &["manchester united", "man united", "mufc"],
    &["manchester city", "man city", "mcfc"],
    &["wolverhampton wanderers", "wolves", "wolverhampton"],
    &["tottenham hotspur", "tottenham", "spurs"],
    &["brighton and hove albion", "brighton", "brighton and hove", "brighton hove albion"],
    &["nottingham forest", "forest"],
    &["west ham united", "west ham"],
    &["newcastle united", "newcastle"],
    &["leeds united", "leeds"],
    &["leicester city", "leicester"],
    &["norwich city", "norwich"],
    &["ipswich town", "ipswich"],
    &["west bromwich albion", "west brom", "west bromwich", "wba"],
    &["queens park rangers", "qpr"],
    &["queens park"],
    &["sheffield united"],
    &["sheffield wednesday", "sheffield wed"],
    &["blackburn rovers", "blackburn"],
    &["preston north end", "preston"],
    &["bournemouth", "afc bournemouth"],
    &["dundee"],
    &["dundee united"],
    &["heart of midlothian", "hearts"],
    &["hibernian", "hibs"],
    &["rangers", "glasgow rangers"],
    &["celtic", "celtic glasgow", "glasgow celtic"],
    // Spain.
    &["athletic bilbao", "athletic", "athletic bilbao athletic"],
    &["atletico madrid", "atl madrid", "atleti"],
    &["real madrid"],
    &["real sociedad", "real sociedad san sebastian"],
    &["real betis", "betis", "real betis balompie", "betis seville"],
    &["barcelona", "fc barcelona", "barca"],
    &["celta vigo", "celta"],
    &["deportivo alaves", "alaves"],
    &["rayo vallecano", "rayo vallecano madrid"],
    &["deportivo la coruna", "la coruna", "deportivo coruna"],
    &["sporting gijon", "real sporting", "real sporting gijon"],
    &["racing santander", "real racing", "racing santander real", "real racing santander"],
    &["espanyol", "espanyol barcelona"],
    // Italy.
    &["inter milan", "inter", "internazionale", "internazionale milan", "inter internazionale milan"],
    &["milan"],
    &["juventus", "juventus turin"],
    &["hellas verona", "verona"],
    &["roma", "as roma"],
    &["lazio", "lazio roma"],
    // Germany, Austria.
    &["bayern munich", "bayern", "bayern muenchen"],
    &["1860 munich", "munich 1860"],
    &["borussia dortmund", "dortmund", "bvb"],
    &[
        "borussia monchengladbach",
        "monchengladbach",
        "moenchengladbach",
        "borussia moenchengladbach",
        "gladbach",
        "borussia m gladbach",
        "b monchengladbach",
        "borussia mgladbach",
        "mgladbach",
    ],
    &["bayer leverkusen", "leverkusen", "bayer 04 leverkusen"],
    &["rb leipzig", "leipzig", "rasenballsport leipzig"],
    &["lokomotiv leipzig", "1 lokomotiv leipzig"],
    &["eintracht frankfurt", "frankfurt", "e frankfurt"],
    &["fsv frankfurt"],
    &["hamburger", "hamburg"],
    &["werder bremen", "bremen"],
    &["mainz", "mainz 05", "1 mainz 05"],
    &["hoffenheim", "1899 hoffenheim"],
    &["cologne", "1 cologne"],
    &["hertha", "hertha berlin"],
    &["union berlin", "1 union berlin"],
    &["schalke", "schalke 04"],
    &["nuremberg", "1 nuremberg"],
    &["heidenheim", "1 heidenheim", "1 heidenheim 1846", "heidenheim 1846"],
    &["red bull salzburg", "salzburg", "rb salzburg"],
    &["austria vienna"],
    &["rapid vienna", "rapid"],
    &["austria salzburg"],
    // France.
    &["paris saint germain", "psg", "paris sg"],
    &["paris", "paris 2"],
    &["marseille", "olympique marseille", "olym marseille"],
    &["lyon", "olympique lyonnais", "olympique lyon", "olym lyon", "lyonnais"],
    &["saint etienne", "as saint etienne"],
    &["lille", "losc lille", "losc"],
    &["rennes", "stade rennais", "rennais", "stade rennais 1901"],
    &["reims", "stade reims"],
    &["brest", "stade brest", "stade brestois", "stade brestois 29", "brestois"],
    &["nice", "ogc nice"],
    &["lens", "racing lens"],
    &["strasbourg", "racing strasbourg", "strasbourg alsace", "racing strasbourg alsace"],
    // Portugal, Netherlands, Belgium.
    &["sporting lisbon", "sporting", "sporting portugal", "sporting clube portugal"],
    &["sporting braga", "braga"],
    &["benfica", "benfica lisbon", "sl benfica"],
    &["porto"],
    &["vitoria guimaraes", "guimaraes", "vitoria sport guimaraes"],
    &["vitoria setubal", "setubal"],
    &["ajax", "ajax amsterdam"],
    &["psv", "psv eindhoven"],
    &["eindhoven"],
    &["feyenoord", "feyenoord rotterdam"],
    &["sparta rotterdam"],
    &["az", "az alkmaar"],
    &["union saint gilloise", "union sg", "royale union saint gilloise", "royale union sg"],
    &["club bruges", "bruges", "club brugge"],
    &["cercle bruges"],
    &["antwerp", "royal antwerp"],
    &["standard", "standard liege"],
    // Europe, East and North.
    &["fcsb", "steaua bucharest", "steaua"],
    &["csa steaua", "csa steaua bucharest"],
    &["red star belgrade", "crvena zvezda", "red star", "crvena zvezda belgrade"],
    &["partizan", "partizan belgrade"],
    &["olympiacos", "olympiacos piraeus", "olympiakos", "olympiakos piraeus"],
    &["cska moscow"],
    &["cska sofia"],
    &["cska 1948", "cska 1948 sofia"],
    &["dynamo kyiv"],
    &["dynamo moscow"],
    &["dynamo zagreb"],
    &["dynamo bucharest"],
    &["dynamo tbilisi"],
    &["dynamo minsk"],
    &["dynamo brest"],
    &["dynamo dresden"],
    &["zenit", "zenit saint petersburg"],
    &["copenhagen"],
    &["gothenburg"],
    &["kups", "kups kuopio", "kuopio ps", "kuopion palloseura", "kuopio"],
    &["hjk", "hjk helsinki", "helsinki"],
    &["slovan bratislava"],
    &["sparta prague", "sparta praha"],
    &["slavia prague"],
    &["slavia sofia"],
    &["galatasaray", "galatasaray istanbul"],
    &["fenerbahce", "fenerbahce istanbul"],
    &["istanbul basaksehir", "basaksehir", "rams basaksehir"],
    // The Americas.
    &["inter miami", "inter miami cf"],
    &["internacional", "internacional porto alegre", "internacional rs", "inter porto alegre"],
    &["los angeles galaxy", "la galaxy", "galaxy"],
    &["los angeles", "lafc"],
    &["new york red bulls", "ny red bulls", "red bull new york", "nyrb"],
    &["sporting kansas city", "sporting kc"],
    &["new york city", "nycfc", "ny city"],
    &["racing avellaneda", "racing"],
    &["independiente", "independiente avellaneda"],
    &["independiente valle", "independiente del valle"],
    &["independiente medellin", "independ medellin"],
    &["independiente rivadavia"],
    &["atletico mineiro", "atletico mg", "atl mineiro"],
    &["athletico paranaense", "atletico paranaense", "athletico pr", "atletico pr", "athl paranaense"],
    &["atletico goianiense", "atletico go"],
    &["flamengo", "flamengo rj", "cr flamengo"],
    &["fluminense", "fluminense rj"],
    &["botafogo rj", "botafogo rio janeiro"],
    &["botafogo sp", "botafogo ribeirao preto"],
    &["america mg", "america mineiro"],
    &["america cali", "america de cali"],
    &["club america", "america mexico", "america cdmx"],
    &["guadalajara", "chivas", "chivas guadalajara", "guadalajara chivas"],
    &["tigres uanl", "tigres", "u a n l tigres"],
    &["pumas unam", "pumas", "unam pumas", "u n a m pumas"],
    &["estudiantes la plata", "estudiantes lp", "estudiantes"],
    &["estudiantes rio cuarto"],
    &["gimnasia la plata", "gimnasia lp", "gimnasia y esgrima la plata"],
    &["boca juniors", "boca"],
    &["river plate"],
    &["nacional montevideo", "nacional uruguay"],
    &["atletico nacional", "atletico nacional medellin"],
    // Asia, Africa.
    &["al hilal", "al hilal riyadh", "al hilal saudi"],
    &["al nassr", "al nassr riyadh"],
    &["al ahli", "al ahli jeddah", "al ahli saudi"],
    &["al ahly", "al ahly cairo"],
    &["wydad casablanca", "wydad", "wydad ac", "wac"],
    &["raja casablanca", "raja"],
    // Countries.
    &["usa", "united states", "united states america", "usmnt"],
    &["south korea", "korea republic", "republic korea"],
    &["north korea", "korea dpr", "dpr korea"],
    &["ivory coast", "cote ivoire", "cote divoire"],
    &["czechia", "czech republic"],
    &["turkey", "turkiye"],
    &["north macedonia", "macedonia", "fyr macedonia"],
    &["ireland", "republic ireland", "rep ireland", "eire", "republic of ireland"],
    &["northern ireland"],
    &["bosnia and herzegovina", "bosnia", "bosnia herzegovina"],
    &["dr congo", "congo dr", "democratic republic congo"],
    &["congo", "republic congo", "congo republic"],
    &["cape verde", "cabo verde"],
    &["eswatini", "swaziland"],
    &["iran", "ir iran"],
    &["china", "china pr"],
    &["slovenia"],
    &["slovakia"],
    &["austria"],
    &["australia"],
    &["niger"],
    &["nigeria"],
    &["gambia"],
    &["zambia"],
    &["guinea"],
    &["guinea bissau"],
    &["equatorial guinea"],
];

/// Teams of the other sports.
const OTHERS: &[&[&str]] = &[
    &["real madrid"],
    &["barcelona", "barca"],
    &["red star", "crvena zvezda", "crvena zvezda belgrade", "red star belgrade"],
    &["partizan", "partizan belgrade", "partizan mozzart bet", "partizan mozzart bet belgrade"],
    &["olimpia milan", "armani milan", "armani exchange milan", "emporio armani milan", "ea7 emporio armani milan", "ea7 milan"],
    &["anadolu efes", "efes", "anadolu efes istanbul"],
    &["fenerbahce", "fenerbahce beko", "fenerbahce istanbul"],
    &["maccabi tel aviv", "maccabi playtika tel aviv", "maccabi rapyd tel aviv"],
    &["zalgiris", "zalgiris kaunas"],
    &["asvel", "ldlc asvel", "asvel lyon villeurbanne", "ldlc asvel villeurbanne", "lyon villeurbanne"],
    &["virtus bologna", "virtus segafredo bologna", "virtus olidata bologna"],
    &["bayern munich", "bayern"],
    &["baskonia", "saski baskonia", "baskonia vitoria gasteiz", "cazoo baskonia", "kosner baskonia"],
    &["natus vincere", "navi"],
    &["ninjas in pyjamas", "nip"],
    &["virtus pro", "vp"],
    &["faze"],
    &["g2"],
    &["vitality"],
    &["t1", "sk telecom t1", "skt t1"],
    &["usa", "united states", "united states america"],
    &["czechia", "czech republic"],
    &["slovenia"],
    &["slovakia"],
    &["niger"],
    &["nigeria"],
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_name_belongs_to_two_teams() {
        for groups in [CLUBS, OTHERS] {
            let mut seen = BTreeSet::new();
            for name in groups.iter().copied().flatten() {
                assert!(seen.insert(*name), "{name}");
            }
        }
        for league in [NBA, NFL, NHL, MLB] {
            let nicknames: BTreeSet<_> = league.iter().map(|(_, nick)| nick).collect();
            assert_eq!(nicknames.len(), league.len());
        }
    }

    #[test]
    fn a_nickname_alone_names_a_team_and_a_place_does_not() {
        let check = |sport, name: &str, expect: Option<&str>| assert_eq!(team(sport, name), expect, "{name}");
        check(Sport::Basketball, "los angeles lakers", Some("lakers"));
        check(Sport::Basketball, "lakers", Some("lakers"));
        check(Sport::Basketball, "los angeles", None);
        check(Sport::Football, "new york giants", Some("giants"));
        check(Sport::Baseball, "san francisco giants", Some("giants"));
        check(Sport::Baseball, "new york giants", None);
        check(Sport::Hockey, "jets", Some("jets"));
        check(Sport::Soccer, "inter", Some("inter milan"));
        check(Sport::Soccer, "milan", Some("milan"));
        check(Sport::Soccer, "", None);
    }
}
