//! Rust source cut into code, string literals and comments, as far as the checks need it.
//!
//! Not a parser: it knows where strings, characters and comments begin and end, where a test module lies, and which functions are
//! tests. That is enough to ask whether a word stands in code, in a message or only in a remark.

/// One string literal of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Literal {
    /// Line it begins in, from 1.
    pub(crate) line: usize,
    /// What stands between its quotes, escapes as written.
    pub(crate) text: String,
}

/// A file taken apart.
#[derive(Debug)]
pub(crate) struct RustSource {
    /// The code alone, line by line: strings, characters and comments are blanks.
    pub(crate) code: Vec<String>,
    /// Its string literals.
    pub(crate) literals: Vec<Literal>,
    /// For each line, whether it belongs to a `#[cfg(test)]` module.
    pub(crate) in_tests: Vec<bool>,
}

impl RustSource {
    /// Takes a text apart; any text will do.
    pub(crate) fn read(text: &str) -> Self {
        let (masked, literals) = mask(text);
        let code: Vec<String> = masked.lines().map(str::to_owned).collect();
        let in_tests = test_lines(&code);
        Self { code, literals, in_tests }
    }

    /// Names of the functions that carry a test attribute, those inside `proptest!` included.
    pub(crate) fn tests(&self) -> Vec<&str> {
        let (mut found, mut marked) = (Vec::new(), false);
        for line in &self.code {
            let line = line.trim();
            if is_test_attribute(line) {
                marked = true;
            }
            if marked && let Some(name) = function_name(line) {
                found.push(name);
                marked = false;
            }
        }
        found
    }

    /// Modules that are compiled for tests alone and lie in a file of their own (`#[cfg(test)] mod name;`).
    pub(crate) fn test_modules(&self) -> Vec<&str> {
        let mut found = Vec::new();
        let mut marked = false;
        for line in self.code.iter().map(|line| line.trim()) {
            if line.starts_with("#[cfg(test)]") {
                marked = true;
            }
            let rest = line.strip_prefix("#[cfg(test)]").unwrap_or(line).trim();
            let rest = rest.strip_prefix("pub(crate) ").or_else(|| rest.strip_prefix("pub ")).unwrap_or(rest);
            match rest.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) {
                Some(name) if marked => {
                    found.push(name.trim());
                    marked = false;
                }
                _ if rest.is_empty() || rest.starts_with("#[") => {}
                _ => marked = false,
            }
        }
        found
    }
}

fn is_test_attribute(line: &str) -> bool {
    let Some(inside) = line.strip_prefix("#[") else { return false };
    let name = inside.split([']', '(']).next().unwrap_or_default();
    name == "test" || name.ends_with("::test")
}

fn function_name(line: &str) -> Option<&str> {
    let at = if line.starts_with("fn ") { 0 } else { line.find(" fn ")? + 1 };
    let name = line.get(at + 3..)?.split(['(', '<']).next()?.trim();
    (!name.is_empty()).then_some(name)
}

/// Marks the lines from a `#[cfg(test)]` that is followed by `mod name {` to the brace that ends it.
fn test_lines(code: &[String]) -> Vec<bool> {
    let mut marks = vec![false; code.len()];
    let mut line = 0;
    while line < code.len() {
        if code[line].trim_start().starts_with("#[cfg(test)]") {
            let opens = (line..code.len().min(line + 6)).find(|l| code[*l].contains("mod ") && code[*l].contains('{'));
            if let Some(begin) = opens {
                let (mut depth, mut end) = (0i64, begin);
                while end < code.len() {
                    for byte in code[end].bytes() {
                        depth += i64::from(byte == b'{') - i64::from(byte == b'}');
                    }
                    if depth <= 0 {
                        break;
                    }
                    end += 1;
                }
                let end = end.min(code.len() - 1);
                marks[line..=end].fill(true);
                line = end;
            }
        }
        line += 1;
    }
    marks
}

/// Replaces strings, characters and comments by blanks (line ends stay) and collects the strings.
fn mask(text: &str) -> (String, Vec<Literal>) {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let (mut out, mut literals) = (String::with_capacity(text.len()), Vec::new());
    let (mut i, mut line) = (0, 1);
    let mut last = '\0';
    let blank = |out: &mut String, line: &mut usize, c: char| {
        *line += usize::from(c == '\n');
        out.push(if c == '\n' { '\n' } else { ' ' });
    };
    while i < chars.len() {
        let c = chars[i];
        let in_word = last.is_alphanumeric() || last == '_';
        if c == '/' && at(i + 1) == '/' {
            while i < chars.len() && chars[i] != '\n' {
                out.push(' ');
                i += 1;
            }
        } else if c == '/' && at(i + 1) == '*' {
            let mut depth = 0usize;
            while i < chars.len() {
                if at(i) == '/' && at(i + 1) == '*' {
                    depth += 1;
                    out.push_str("  ");
                    i += 2;
                } else if at(i) == '*' && at(i + 1) == '/' {
                    depth -= 1;
                    out.push_str("  ");
                    i += 2;
                    if depth == 0 {
                        break;
                    }
                } else {
                    blank(&mut out, &mut line, chars[i]);
                    i += 1;
                }
            }
        } else if let (false, Some((prefix, hashes))) = (in_word, raw_prefix(&chars[i..])) {
            let begin = line;
            let from = i + prefix;
            let mut end = from;
            while end < chars.len() && !(chars[end] == '"' && (1..=hashes).all(|n| at(end + n) == '#')) {
                end += 1;
            }
            let stop = chars.len().min(end + 1 + hashes);
            chars[i..stop].iter().for_each(|c| blank(&mut out, &mut line, *c));
            literals.push(Literal { line: begin, text: chars[from..end.min(chars.len())].iter().collect() });
            i = stop;
        } else if c == '"' {
            let begin = line;
            let from = i + 1;
            let mut end = from;
            while end < chars.len() && chars[end] != '"' {
                end += if chars[end] == '\\' { 2 } else { 1 };
            }
            let end = end.min(chars.len());
            let stop = chars.len().min(end + 1);
            chars[i..stop].iter().for_each(|c| blank(&mut out, &mut line, *c));
            literals.push(Literal { line: begin, text: chars[from..end].iter().collect() });
            i = stop;
        } else if c == '\'' && (at(i + 1) == '\\' || at(i + 2) == '\'') {
            // A character; a lifetime has no closing quote two places on.
            let mut end = i + if at(i + 1) == '\\' { 3 } else { 2 };
            while end < chars.len() && chars[end] != '\'' {
                end += 1;
            }
            let stop = chars.len().min(end + 1);
            chars[i..stop].iter().for_each(|c| blank(&mut out, &mut line, *c));
            i = stop;
        } else {
            line += usize::from(c == '\n');
            out.push(c);
            i += 1;
        }
        last = if i > 0 { at(i - 1) } else { '\0' };
    }
    (out, literals)
}

/// Length of what opens a raw string (`r"`, `br#"`) and the number of its hashes.
fn raw_prefix(chars: &[char]) -> Option<(usize, usize)> {
    let start = usize::from(chars.first() == Some(&'b'));
    if chars.get(start) != Some(&'r') {
        return None;
    }
    let hashes = chars.get(start + 1..)?.iter().take_while(|c| **c == '#').count();
    (chars.get(start + 1 + hashes) == Some(&'"')).then_some((start + 2 + hashes, hashes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_characters_and_comments_are_no_code() {
        let check = |text: &str, code: &str, literals: &[&str]| {
            let source = RustSource::read(text);
            let squeezed: Vec<&str> = source.code.iter().flat_map(|line| line.split_whitespace()).collect();
            assert_eq!(squeezed.join(" "), code, "{text}");
            assert_eq!(source.literals.iter().map(|l| l.text.as_str()).collect::<Vec<_>>(), literals, "{text}");
        };
        check("a // \"no\"\nb", "a b", &[]);
        check("a /* x /* y */ z */ b", "a b", &[]);
        check(r#"f("x \" // y", 1)"#, "f( , 1)", &[r#"x \" // y"#]);
        check("f(r#\"a\"b\"#, br\"c\")", "f( , )", &["a\"b", "c"]);
        check(r"f('\'', '{', '\u{1F}') <'a>", "f( , , ) <'a>", &[]);
        check("for\"x\" war\"y\"", "for war", &["x", "y"]);
        check("\"never ends", "", &["never ends"]);
        check("/* never ends", "", &[]);
    }

    #[test]
    fn a_literal_knows_its_line() {
        let source = RustSource::read("a\n\"one\ntwo\"\n\"three\"");
        assert_eq!(source.literals.iter().map(|l| l.line).collect::<Vec<_>>(), [2, 4]);
    }

    #[test]
    fn tests_are_functions_with_the_attribute_and_not_words_in_a_string() {
        let text = "#[test]\nfn one() {}\n#[tokio::test(start_paused = true)]\n#[allow(x)]\nasync fn two() {}\nfn three() {}\n\
                    \"#[test]\nfn four() {}\"\n// #[test]\nfn five() {}\nproptest! {\n #[test]\n fn six(a in 0..1) {}\n}\n";
        assert_eq!(RustSource::read(text).tests(), ["one", "two", "six"]);
    }

    #[test]
    fn a_test_module_ends_with_its_brace() {
        let text = "fn a() {}\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n  fn b() { '{'; \"{\" }\n}\nfn c() {}\n";
        assert_eq!(RustSource::read(text).in_tests, [false, true, true, true, true, true, false]);
    }

    #[test]
    fn a_module_for_tests_alone_may_lie_in_a_file_of_its_own() {
        let text =
            "mod a;\n#[cfg(test)]\nmod b;\n#[cfg(test)]\n#[path = \"x\"]\npub(crate) mod c;\n#[cfg(test)]\nuse x;\nmod d;\n";
        assert_eq!(RustSource::read(text).test_modules(), ["b", "c"]);
    }
}
