//! `.dockerignore`: which files of a repository stay out of a build. Docker's clients apply it, its engine
//! does not, so this is the client's part of the work.

/// The name of the file.
pub(crate) const NAME: &str = ".dockerignore";

/// The rules of one `.dockerignore`.
pub(crate) struct Ignore {
    rules: Vec<Rule>,
}

struct Rule {
    tokens: Vec<Token>,
    includes: bool,
}

/// A part of a pattern.
enum Token {
    Char(char),
    /// `?`: one character but `/`.
    One,
    /// `*`: any number of characters but `/`.
    Part,
    /// `**` before something: nothing, or any directories.
    Directories,
    /// `**` at the end.
    Rest,
    /// `[a-z]`.
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Ignore {
    /// Reads the file; the error says the line.
    pub(crate) fn parse(content: &[u8]) -> Result<Self, String> {
        let text = String::from_utf8_lossy(content);
        let mut rules = Vec::new();
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            if line.starts_with('#') {
                continue;
            }
            let line = line.trim();
            let (includes, pattern) = match line.strip_prefix('!') {
                Some(pattern) => (true, pattern.trim()),
                None => (false, line),
            };
            if pattern.is_empty() {
                if includes {
                    return Err(format!("line {}: '!' stands alone", index + 1));
                }
                continue;
            }
            let pattern = clean(pattern);
            if pattern == "." {
                continue;
            }
            let tokens = tokens(&pattern)
                .ok_or_else(|| format!("line {}: '{line}' is no pattern", index + 1))?;
            rules.push(Rule { tokens, includes });
        }
        Ok(Self { rules })
    }

    /// Whether the file at this path (relative, with `/`) stays out. The last rule that matches the path or
    /// a directory above it decides.
    pub(crate) fn excludes(&self, path: &str) -> bool {
        let last = self.rules.iter().rev().find(|rule| rule.matches(path));
        last.is_some_and(|rule| !rule.includes)
    }
}

impl Rule {
    /// Whether the rule matches the path or a directory above it. All ways to read the pattern are followed
    /// at once, so that no pattern takes long.
    fn matches(&self, path: &str) -> bool {
        // A state is the number of tokens passed, times two, and one more in the middle of `**/`.
        let end = self.tokens.len() * 2;
        let mut now = Vec::new();
        self.enter(0, &mut now);
        let mut next = Vec::new();
        for c in path.chars() {
            if c == '/' && now.contains(&end) {
                return true;
            }
            next.clear();
            for &state in &now {
                self.step(state, c, &mut next);
            }
            std::mem::swap(&mut now, &mut next);
            if now.is_empty() {
                return false;
            }
        }
        now.contains(&end)
    }

    /// Adds a state with all that it reaches without a character.
    fn enter(&self, state: usize, states: &mut Vec<usize>) {
        if states.contains(&state) {
            return;
        }
        states.push(state);
        if state.is_multiple_of(2)
            && matches!(
                self.tokens.get(state / 2),
                Some(Token::Part | Token::Directories | Token::Rest)
            )
        {
            self.enter(state + 2, states);
        }
    }

    fn step(&self, state: usize, c: char, states: &mut Vec<usize>) {
        let Some(token) = self.tokens.get(state / 2) else {
            return;
        };
        let after = (state / 2 + 1) * 2;
        match token {
            Token::Char(wanted) if *wanted == c => self.enter(after, states),
            Token::One if c != '/' => self.enter(after, states),
            Token::Part if c != '/' => self.enter(state, states),
            Token::Rest => self.enter(state, states),
            Token::Directories => {
                self.enter(state | 1, states);
                if c == '/' {
                    self.enter(after, states);
                }
            }
            Token::Class { negated, ranges } => {
                let is_in = ranges.iter().any(|(low, high)| (*low..=*high).contains(&c));
                if is_in != *negated {
                    self.enter(after, states);
                }
            }
            Token::Char(_) | Token::One | Token::Part => {}
        }
    }
}

/// The path without `.`, `..` and superfluous slashes, as Go's `filepath.Clean` makes it.
fn clean(pattern: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in pattern.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() {
        ".".to_owned()
    } else {
        parts.join("/")
    }
}

fn tokens(pattern: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        tokens.push(match c {
            '*' if rest.peek() == Some(&'*') => {
                while rest.next_if_eq(&'*').is_some() {}
                rest.next_if_eq(&'/');
                if rest.peek().is_none() {
                    Token::Rest
                } else {
                    Token::Directories
                }
            }
            '*' => Token::Part,
            '?' => Token::One,
            '\\' => Token::Char(rest.next()?),
            '[' => class(&mut rest)?,
            c => Token::Char(c),
        });
    }
    Some(tokens)
}

fn class(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Token> {
    let negated = rest.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    loop {
        let low = match rest.next()? {
            ']' if !ranges.is_empty() => return Some(Token::Class { negated, ranges }),
            '\\' => rest.next()?,
            c => c,
        };
        let high = if rest.next_if_eq(&'-').is_some() {
            match rest.next()? {
                '\\' => rest.next()?,
                c => c,
            }
        } else {
            low
        };
        if high < low {
            return None;
        }
        ranges.push((low, high));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excluded(rules: &str, path: &str) -> bool {
        Ignore::parse(rules.as_bytes()).unwrap().excludes(path)
    }

    #[test]
    fn patterns_match_as_with_docker() {
        for (rules, path, expected) in [
            ("secret", "secret", true),
            ("secret", "secret/key", true),
            ("secret", "a/secret", false),
            ("/secret/", "secret/key", true),
            ("*.md", "README.md", true),
            ("*.md", "docs/README.md", false),
            ("**/*.md", "docs/a/README.md", true),
            ("**/*.md", "README.md", true),
            ("**/node_modules", "web/node_modules/x/y.js", true),
            ("docs/**", "docs/a/b", true),
            ("docs/**", "doc", false),
            ("**", "a/b", true),
            ("a/**/b", "a/b", true),
            ("a/**/b", "a/x/y/b", true),
            ("a/**/b", "a/xb", false),
            ("*/temp*", "some/temporary.txt", true),
            ("*/*/temp*", "some/temp", false),
            ("temp?", "tempa", true),
            ("temp?", "temp", false),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("a\\*b", "a*b", true),
            ("a\\*b", "axb", false),
            ("./a/../b", "b", true),
            ("a.b", "aXb", false),
            ("# no\n\n \n", "# no", false),
            (".git", ".gitignore", false),
        ] {
            assert_eq!(excluded(rules, path), expected, "{rules:?} {path:?}");
        }
    }

    #[test]
    fn the_last_rule_decides() {
        let rules = "*\n!src\n!README*\nsrc/*.pyc\n!src/keep.pyc";
        for (path, expected) in [
            ("a", true),
            ("src/main.py", false),
            ("src/a.pyc", true),
            ("src/keep.pyc", false),
            ("README.md", false),
        ] {
            assert_eq!(excluded(rules, path), expected, "{path}");
        }
    }

    #[test]
    fn mistakes_name_their_line() {
        for rules in ["a\n[b", "a\n[z-a]", "a\n\\", "a\n!"] {
            assert!(
                Ignore::parse(rules.as_bytes())
                    .err()
                    .unwrap()
                    .starts_with("line 2"),
                "{rules:?}"
            );
        }
    }

    #[test]
    fn a_hostile_pattern_is_quick() {
        let rules = "*a".repeat(40) + "b";
        assert!(!excluded(&rules, &"a".repeat(4000)));
    }

    proptest::proptest! {
        #[test]
        fn no_rules_panic(rules: Vec<u8>, path: String) {
            if let Ok(ignore) = Ignore::parse(&rules) {
                let _ = ignore.excludes(&path);
            }
        }
    }
}
