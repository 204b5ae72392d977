//! Reads a source: without comments, strings and tests, with the modules that it names.

/// A file below `src/`.
#[derive(Clone, Debug)]
pub struct Source {
    pub path: String,
    /// Comments, texts and tests are blanked, lines are kept.
    pub code: String,
    /// Lines that are not tests.
    pub lines: usize,
    /// `mod.rs` of a folder is the folder.
    pub module: Vec<String>,
}

impl Source {
    pub fn read(path: &str, text: &str) -> Self {
        let bare = without_texts(text);
        let code = without_tests(&bare);
        let cut = bare.lines().count() - code.lines().count();
        let module = path.trim_end_matches(".rs").trim_end_matches("/mod").split('/').map(str::to_owned).collect();
        Self { path: path.to_owned(), lines: text.lines().count() - cut, code, module }
    }

    /// Tests that are files of their own.
    pub fn is_test(&self) -> bool {
        self.module.iter().any(|part| part == "tests")
    }

    /// Every path of this crate that the file names, from the root.
    pub fn names(&self) -> Vec<Vec<String>> {
        let mut out = Vec::new();
        for (at, _) in self.code.match_indices("::") {
            let head = last_word(&self.code[..at]);
            let before = self.code[..at - head.len()].trim_end();
            // Only the first word of a path counts; `pub(super)` has none.
            let is_child = self.code.contains(&format!("mod {head};"));
            if before.ends_with("::") || !(is_child || ["crate", "super", "self"].contains(&head)) {
                continue;
            }
            let mut base = match head {
                "crate" => Vec::new(),
                "super" => self.module[..self.module.len() - 1].to_vec(),
                _ => self.module.clone(),
            };
            if is_child {
                base.push(head.to_owned());
            }
            let mut rest = self.code[at + 2..].trim_start();
            while let Some(more) = rest.strip_prefix("super::") {
                base.pop();
                rest = more;
            }
            expand(&base, rest, &mut out);
        }
        out
    }
}

fn last_word(text: &str) -> &str {
    let start = text.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1);
    text.get(start..).unwrap_or_default()
}

/// Follows one path, and each branch where it is a tree.
fn expand(base: &[String], rest: &str, out: &mut Vec<Vec<String>>) {
    let rest = rest.trim_start();
    if let Some(inside) = rest.strip_prefix('{') {
        let (mut depth, mut start) = (0usize, 0);
        for (at, c) in inside.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' | '}' if depth == 0 => {
                    expand(base, &inside[start..at], out);
                    start = at + 1;
                    if c == '}' {
                        return;
                    }
                }
                _ => {}
            }
        }
        return;
    }
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    if word.is_empty() {
        return;
    }
    let mut path = base.to_vec();
    if word != "self" {
        path.push(word.to_owned());
    }
    match after.trim_start().strip_prefix("::") {
        Some(more) if more.trim_start().starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '{') => {
            expand(&path, more, out);
        }
        _ => out.push(path),
    }
}

/// Blanks comments and texts.
fn without_texts(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    let is = |at: usize, wanted: &str| wanted.chars().enumerate().all(|(n, c)| chars.get(at + n) == Some(&c));
    while let Some(&c) = chars.get(at) {
        let end = if is(at, "//") {
            (at..chars.len()).find(|n| chars[*n] == '\n').unwrap_or(chars.len())
        } else if is(at, "/*") {
            (at..chars.len()).find(|n| is(*n, "*/")).map_or(chars.len(), |n| n + 2)
        } else if c == 'r' && (is(at, "r\"") || is(at, "r#")) && !out.ends_with(|c: char| c.is_alphanumeric()) {
            let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
            let close = format!("\"{}", "#".repeat(hashes));
            (at + hashes + 2..chars.len()).find(|n| is(*n, &close)).map_or(chars.len(), |n| n + close.len())
        } else if c == '"' {
            let mut n = at + 1;
            while n < chars.len() && chars[n] != '"' {
                n += if chars[n] == '\\' { 2 } else { 1 };
            }
            n + 1
        } else if c == '\'' && is(at, "'\\") {
            (at + 3..chars.len()).find(|n| chars[*n] == '\'').map_or(chars.len(), |n| n + 1)
        } else if c == '\'' && chars.get(at + 2) == Some(&'\'') {
            at + 3
        } else {
            out.push(c);
            at += 1;
            continue;
        };
        out.extend(chars[at..end.min(chars.len())].iter().filter(|c| **c == '\n'));
        out.push(' ');
        at = end;
    }
    out
}

/// Cuts what `#[cfg(test)]` stands before. Takes text without strings, so that braces are braces.
fn without_tests(code: &str) -> String {
    let mut out = String::new();
    let mut rest = code;
    while let Some((before, item)) = rest.split_once("#[cfg(test)]") {
        out.push_str(before);
        let mut depth = 0usize;
        let end = item.char_indices().find_map(|(at, c)| {
            match c {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            (depth == 0 && (c == '}' || c == ';')).then_some(at + 1)
        });
        rest = item.get(end.unwrap_or(item.len())..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}
