//! The samples of a case as the charts need them: process by process in the order in which they
//! ran, and packed for the script.

use super::axis::Axis;
use super::view::Entry;
use dyno_model::{Process, Sample};
use dyno_stats as stats;

/// Values this many interquartile ranges beyond the quartiles of their own process lie beyond the
/// axis: else a single pause would press everything else into a line. They are drawn at the end of
/// the axis, counted and named.
const AXIS_RANGES: f64 = 3.0;

/// Codes of a sample. The inner ones divide the axis evenly, finer than a chart has pixels; the
/// first and the last one stand for what lies beyond its ends, of which the value is kept besides.
const LEVELS: u32 = 825;

/// The digits of packed samples: what an attribute holds as it is. Three of them hold two codes
/// (88^3 > 825^2).
const DIGITS: &[u8; 88] =
    b"#$%()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~!";

/// Whose process it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// There is only one side.
    Only,
    /// The measure's.
    Base,
    /// That of what is judged.
    Candidate,
}

/// One process with its times.
pub(super) struct Series<'a> {
    /// Whose it is.
    pub(super) side: Side,
    /// The process.
    pub(super) process: &'a Process,
    /// Wall time per iteration of every sample in run order, ns.
    pub(super) times: Vec<f64>,
}

/// All that was sampled of a case.
pub(super) struct Samples<'a> {
    /// The processes in the order in which they ran: base and candidate between each other if they
    /// ran side by side, else first all of the base.
    pub(super) series: Vec<Series<'a>>,
    /// Range of the chart, ns.
    pub(super) axis: Axis,
}

impl<'a> Samples<'a> {
    /// None if there is no sample.
    pub(super) fn of(entry: &Entry<'a>) -> Option<Self> {
        let own = if entry.base.is_some() {
            Side::Candidate
        } else {
            Side::Only
        };
        let base = entry.base.iter().flat_map(|case| &case.processes);
        let mut series: Vec<Series<'a>> = base
            .map(|process| (Side::Base, process))
            .chain(entry.case.processes.iter().map(|process| (own, process)))
            .map(|(side, process)| Series {
                side,
                process,
                times: process.samples.iter().filter_map(time).collect(),
            })
            .filter(|series| !series.times.is_empty())
            .collect();
        let is_later = |side| side == Side::Candidate && !entry.paired;
        series.sort_by_key(|series| (is_later(series.side), series.process.order));
        let axis = Axis::over(
            series
                .iter()
                .flat_map(|series| bulk(&series.times, AXIS_RANGES)),
        )?;
        Some(Self { series, axis })
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.series.iter().map(|series| series.times.len()).sum()
    }

    /// All times in run order.
    pub(super) fn times(&self) -> impl Iterator<Item = f64> {
        self.series
            .iter()
            .flat_map(|series| series.times.iter().copied())
    }

    /// Those that the axis does not reach.
    pub(super) fn beyond(&self) -> impl Iterator<Item = f64> {
        let axis = self.axis;
        self.times()
            .filter(move |time| !(axis.lower..=axis.upper).contains(time))
    }

    /// Every time as a code, two in three digits, processes apart by a space; and the values of
    /// those beyond the axis, three digits each, in run order.
    pub(super) fn packed(&self) -> (String, String) {
        let process = |series: &Series<'_>| {
            let codes: Vec<u32> = series
                .times
                .iter()
                .map(|time| code(*time, self.axis))
                .collect();
            codes.chunks(2).map(digits).collect::<String>()
        };
        let processes: Vec<String> = self.series.iter().map(process).collect();
        let beyond: Vec<String> = self.beyond().map(|time| format!("{time:.2e}")).collect();
        (processes.join(" "), beyond.join(" "))
    }
}

/// Wall time per iteration; none for a sample that holds no iteration.
fn time(sample: &Sample) -> Option<f64> {
    (sample.iterations > 0).then(|| sample.wall_ns as f64 / sample.iterations as f64)
}

/// The smallest and the largest value within so many interquartile ranges from the quartiles of
/// their process.
pub(super) fn bulk(times: &[f64], ranges: f64) -> [f64; 2] {
    let quartile = |q| stats::quantile(times, q).unwrap_or_default();
    let (q1, q3) = (quartile(0.25), quartile(0.75));
    let reach = ranges * (q3 - q1);
    let near = |value: &&f64| (q1 - reach..=q3 + reach).contains(*value);
    times
        .iter()
        .filter(near)
        .fold([q1, q3], |[low, high], &value| {
            [low.min(value), high.max(value)]
        })
}

fn code(time: f64, axis: Axis) -> u32 {
    if time < axis.lower {
        0
    } else if time > axis.upper {
        LEVELS - 1
    } else {
        1 + (axis.at(time) * f64::from(LEVELS - 3)).round() as u32
    }
}

/// Two codes in three digits, a last one alone in two; the one of most weight first.
fn digits(codes: &[u32]) -> String {
    let number = codes.iter().fold(0, |number, code| number * LEVELS + code);
    let base = DIGITS.len() as u32;
    let places = [number / base / base, number / base, number].map(|place| place % base);
    places[2 - codes.len()..]
        .iter()
        .map(|place| char::from(DIGITS[*place as usize]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the script reads it.
    fn codes(text: &str) -> Vec<u32> {
        let digit = |byte: &u8| DIGITS.iter().position(|digit| digit == byte).unwrap() as u32;
        let read = |digits: &[u8]| {
            let number = digits
                .iter()
                .fold(0, |number, byte| number * 88 + digit(byte));
            if digits.len() == 3 {
                vec![number / LEVELS, number % LEVELS]
            } else {
                vec![number]
            }
        };
        text.as_bytes().chunks(3).flat_map(read).collect()
    }

    #[test]
    fn every_value_comes_back_within_half_a_level() {
        let axis = Axis {
            lower: 812.5,
            upper: 2437.5,
        };
        let times: Vec<f64> = (0..=1000)
            .map(|i| 812.5 + 1625.0 * f64::from(i) / 1000.0)
            .collect();
        let written: Vec<u32> = times.iter().map(|time| code(*time, axis)).collect();
        let text: String = written.chunks(2).map(digits).collect();
        assert_eq!(codes(&text), written);
        assert_eq!(text.len(), 1502);
        for (time, code) in times.iter().zip(&written) {
            let back = axis.lower
                + (axis.upper - axis.lower) * f64::from(code - 1) / f64::from(LEVELS - 3);
            assert!(
                (back - time).abs() <= 1625.0 / f64::from(LEVELS - 3) / 2.0 + 1e-9,
                "{time} came back as {back}"
            );
        }
        assert_eq!((code(800.0, axis), code(1e9, axis)), (0, LEVELS - 1));
    }

    #[test]
    fn the_digits_are_the_scripts_and_need_no_escape() {
        let digits = String::from_utf8(DIGITS.to_vec()).unwrap();
        assert!(super::super::SCRIPT.contains(&format!("'{digits}'")));
        assert!(super::super::SCRIPT.contains(&format!("LEVELS = {LEVELS}")));
        assert_eq!(maud::html! { (digits) }.into_string(), digits);
        assert!(u64::from(LEVELS).pow(2) <= 88_u64.pow(3));
    }

    #[test]
    fn one_pause_does_not_press_the_rest_into_a_line() {
        let mut times: Vec<f64> = (0..99).map(|i| 100.0 + f64::from(i % 10)).collect();
        times.push(1e9);
        assert_eq!(bulk(&times, AXIS_RANGES), [100.0, 109.0]);
        assert_eq!(bulk(&[7.0], AXIS_RANGES), [7.0, 7.0]);
    }
}
