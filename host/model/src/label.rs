//! The one place that gives the plugins of a run the names under which they are shown, so that no
//! two of them are rows of one name. Pure, and from nothing but name, source and digest: a report
//! of old has labels, too.

use std::collections::HashMap;
use std::path::{Component, Path};

use super::Plugin;

/// Digits of a digest that tell two components apart.
const DIGEST_DIGITS: usize = 8;

/// Directories above a plugin that its label may have. Below its whole source nothing else is left,
/// and a source may be a stranger's, of thousands of parts.
const LEVELS_MAX: usize = 32;

/// Labels each plugin with the first of its `Names` that no other one has.
pub fn label(mut plugins: Vec<&mut Plugin>) {
    let mut names: Vec<Names> = plugins.iter().map(|plugin| Names::of(plugin)).collect();
    loop {
        let mut bearers: HashMap<String, usize> = HashMap::new();
        for name in &names {
            *bearers.entry(name.current.clone()).or_default() += 1;
        }
        // All that share a name look for another, so that none has it for its place in the run.
        let mut is_settled = true;
        for name in &mut names {
            if bearers[&name.current] > 1 && name.advance() {
                is_settled = false;
            }
        }
        if is_settled {
            break;
        }
    }
    let mut given: HashMap<&str, usize> = HashMap::new();
    for (plugin, name) in plugins.iter_mut().zip(&names) {
        let name = name.current.as_str();
        let bearers = given.entry(name).or_default();
        *bearers += 1;
        // The same plugin, named twice: nothing else is left to tell it from itself.
        plugin.label = match *bearers {
            1 => name.to_owned(),
            number => format!("{name} #{number}"),
        };
    }
}

/// What a plugin can be called, the shorter first: its name; below more and more of the directories
/// of its source; its source as it is; and with its digest.
///
/// A file `x1/benchmark.wat` is `benchmark`, `x1/benchmark`, `x1/benchmark.wat`; a directory `rust`
/// whose manifest says `sort` is `sort`, `rust/sort`, `rust`; one of two releases of a package is
/// `sort@1.2.0`.
struct Names {
    current: String,
    /// The others, each different from the one before it.
    longer: std::vec::IntoIter<String>,
}

impl Names {
    fn of(plugin: &Plugin) -> Self {
        let source = plugin.origin();
        let parts = parts(source);
        let stem = |part: &str| {
            Path::new(part)
                .with_extension("")
                .to_string_lossy()
                .into_owned()
        };
        let own: Vec<String> = plugin.name.split('/').map(str::to_owned).collect();
        let stems: Vec<String> = match parts.split_last() {
            Some((last, above)) => above.iter().cloned().chain([stem(last)]).collect(),
            None => Vec::new(),
        };
        let is_named_so = |parts: &[String]| parts.ends_with(&own);
        let last = parts.last().map_or("", String::as_str);
        let (above, below) = if is_named_so(&stems) || is_named_so(&parts) {
            (&parts[..parts.len() - own.len()], plugin.name.as_str())
        } else if last.starts_with(own.last().map_or("", String::as_str)) {
            (&parts[..parts.len().saturating_sub(1)], last)
        } else {
            (&parts[..], plugin.name.as_str())
        };
        let digest = plugin.digest.as_deref().unwrap_or_default();
        let digits = digest.trim_start_matches("sha256:").get(..DIGEST_DIGITS);
        let above = &above[above.len().saturating_sub(LEVELS_MAX)..];
        let levels = (0..=above.len()).rev().map(|top| {
            let mut parts = above[top..].to_vec();
            parts.push(below.to_owned());
            parts.join("/")
        });
        let with_digits = digits.map(|digits| format!("{source}@{digits}"));
        let longer = levels.chain([source.to_owned()]).chain(with_digits);
        let mut names = vec![plugin.name.clone()];
        names.extend(longer);
        names.dedup();
        Self {
            longer: names.split_off(1).into_iter(),
            current: plugin.name.clone(),
        }
    }

    /// Goes on to the next name; whether there is any.
    fn advance(&mut self) -> bool {
        match self.longer.next() {
            Some(next) => {
                self.current = next;
                true
            }
            None => false,
        }
    }
}

/// The parts of a path that say something, from the top.
pub fn parts(source: &str) -> Vec<String> {
    let parts = Path::new(source)
        .components()
        .filter_map(|part| match part {
            Component::Normal(part) => Some(part.to_string_lossy().into_owned()),
            Component::ParentDir => Some("..".into()),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
        });
    parts.collect()
}

#[cfg(test)]
mod tests;
