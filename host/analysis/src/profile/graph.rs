//! Flame graphs: SVG that can be searched and zoomed, by the tool that everybody knows.

use inferno::{differential, flamegraph};

use dyno_model::{Classify, Fault};

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum GraphError {
    /// Nothing was used, so there is nothing to show.
    #[error("no fuel was used between `start` and `stop`, so there is nothing to draw")]
    Empty,
    /// It could not be drawn.
    #[error("the flame graph cannot be drawn: {0}")]
    Draw(String),
}

impl Classify for GraphError {
    /// The host's, which draws. That there is nothing to draw is a warning.
    fn fault(&self) -> Fault {
        Fault::Host
    }
}

/// Draws stacks: the width of a function is the fuel that it and what it called used.
///
/// # Errors
/// If there is nothing to draw.
pub fn graph(folded: &str, title: &str, subtitle: &str) -> Result<Vec<u8>, GraphError> {
    draw(folded, title, subtitle)
}

/// Draws the stacks of a candidate, red where they used more than those of the base, and blue where
/// less. What is not done any more is not in it.
///
/// # Errors
/// If there is nothing to draw.
pub fn difference_graph(
    base: &str,
    candidate: &str,
    title: &str,
    subtitle: &str,
) -> Result<Vec<u8>, GraphError> {
    let mut stacks = Vec::new();
    let options = differential::Options {
        normalize: false,
        strip_hex: false,
    };
    differential::from_readers(options, base.as_bytes(), candidate.as_bytes(), &mut stacks)
        .map_err(|error| GraphError::Draw(error.to_string()))?;
    let stacks = String::from_utf8_lossy(&stacks);
    // They come in an order of their own in every process.
    let mut lines: Vec<&str> = stacks.lines().collect();
    lines.sort_unstable();
    draw(&lines.join("\n"), title, subtitle)
}

fn draw(stacks: &str, title: &str, subtitle: &str) -> Result<Vec<u8>, GraphError> {
    if stacks.is_empty() {
        return Err(GraphError::Empty);
    }
    let mut options = flamegraph::Options::default();
    options.title = title.to_owned();
    options.subtitle = Some(subtitle.to_owned());
    options.count_name = "fuel".to_owned();
    // A colour by name, not by chance: the same profile is the same picture.
    options.deterministic = true;
    let mut svg = Vec::new();
    flamegraph::from_lines(&mut options, stacks.lines(), &mut svg)
        .map_err(|error| GraphError::Draw(error.to_string()))?;
    Ok(svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BAD: &str =
        r#"</text></svg><script>alert(1)</script>'"&amp;<![CDATA[ ]]> --> ${x} \u{202e}"#;

    /// Every element and attribute of the text is one that the tool writes for harmless names, too.
    fn elements(svg: &[u8]) -> std::collections::BTreeSet<String> {
        let text = std::str::from_utf8(svg).unwrap();
        let tags = regex::Regex::new(r"<([a-zA-Z!?/][^\s>]*)").unwrap();
        // The script is of the tool, and the same whatever the names are.
        let (before, rest) = text.split_once("<![CDATA[").unwrap();
        let (_, after) = rest.split_once("]]>").unwrap();
        let all = [before, after].concat();
        tags.captures_iter(&all)
            .map(|tag| tag[1].to_owned())
            .collect()
    }

    #[test]
    fn hostile_names_are_text_and_the_picture_is_the_same_each_time() {
        let plain = graph("a;b 10\na;c 20\n", "title", "subtitle").unwrap();
        let text = format!("a;{BAD} 10\na;c 20\n");
        let hostile = graph(&text, BAD, BAD).unwrap();
        assert_eq!(elements(&plain), elements(&hostile));
        assert_eq!(graph(&text, BAD, BAD).unwrap(), hostile);
        let text = String::from_utf8(hostile).unwrap();
        assert!(text.contains("&lt;script&gt;") && !text.contains("<script>alert"));
        assert!(
            String::from_utf8(plain)
                .unwrap()
                .contains("b (10 fuel, 33.33%)")
        );
    }

    #[test]
    fn a_difference_says_by_how_much() {
        let svg = difference_graph("a;b 10\na;c 20\n", "a;b 15\na;c 20\n", "t", "s").unwrap();
        let text = String::from_utf8(svg.clone()).unwrap();
        assert!(text.contains("b (15 fuel, 42.86%; +14.29%)"), "{text}");
        let again = difference_graph("a;b 10\na;c 20\n", "a;b 15\na;c 20\n", "t", "s");
        assert_eq!(again.unwrap(), svg);
    }

    #[test]
    fn nothing_cannot_be_drawn() {
        assert!(matches!(graph("", "t", "s"), Err(GraphError::Empty)));
    }
}
