//! Numbers beside dots, where none lies on another or on a dot.
//!
//! Knows nothing of reports. How wide a page will be is not known either, so
//! there are two layouts, each for the narrowest page that the style sheet shows
//! it on: on wider ones everything is only further apart.

use super::markup::{Element, Percent, Short, element};

/// A dot that wants its number beside it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Dot {
    /// A fraction of the width.
    pub(super) at: f64,
    /// Pixels from the top.
    pub(super) y: f64,
    pub(super) number: usize,
}

/// In pixels, as the style sheet has them.
#[derive(Debug, Clone, Copy)]
struct Page {
    /// Of the picture without its margins, at its narrowest.
    width: f64,
    letter: f64,
    line: f64,
    class: &'static str,
}

const PAGES: [Page; 2] = [
    Page { width: 455.0, letter: 9.0, line: 16.0, class: "on-wide" },
    Page { width: 210.0, letter: 7.8, line: 14.0, class: "on-narrow" },
];

/// What a dot takes, from its middle.
const RADIUS: f64 = 7.0;

/// Dots this near share a number's place.
const NEAR: (f64, f64) = (26.0, 14.0);

/// The labels of dots, for wide and for narrow pages. Who comes first has the
/// first choice.
pub(super) fn labels(dots: &[Dot], height: f64) -> Vec<Element> {
    PAGES.into_iter().map(|page| page.labels(dots, height)).collect()
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Rect {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

impl Rect {
    fn meets(&self, other: &Rect) -> bool {
        let apart = self.left + self.width <= other.left
            || other.left + other.width <= self.left
            || self.top + self.height <= other.top
            || other.top + other.height <= self.top;
        !apart
    }
}

impl Page {
    fn labels(&self, dots: &[Dot], height: f64) -> Element {
        let texts = self.placed(dots, height).into_iter().map(|(place, text)| {
            element("text")
                .with("x", Percent((place.left + place.width / 2.0) / self.width))
                .with("y", Short(place.top + self.line * 0.8))
                .text(text)
        });
        element("g").class(format_args!("numbered {}", self.class)).children(texts)
    }

    fn placed(&self, dots: &[Dot], height: f64) -> Vec<(Rect, String)> {
        let mut taken: Vec<Rect> = dots.iter().map(|dot| self.around(dot)).collect();
        let mut placed = Vec::new();
        for group in self.groups(dots) {
            let text = ranges(group.iter().map(|dot| dot.number).collect());
            let free = |place: &Rect| taken.iter().all(|other| !place.meets(other));
            let places = self.places(&group, text.chars().count() as f64 * self.letter);
            // Where there is no room at all, the dot's own hint has to do.
            if let Some(place) = places.into_iter().find(|place| self.has(place, height) && free(place)) {
                taken.push(place);
                placed.push((place, text));
            }
        }
        placed
    }

    fn around(&self, dot: &Dot) -> Rect {
        let (left, top) = (dot.at * self.width - RADIUS, dot.y - RADIUS);
        Rect { left, top, width: 2.0 * RADIUS, height: 2.0 * RADIUS }
    }

    /// Dots whose numbers could not be told apart, by the first of them.
    fn groups(&self, dots: &[Dot]) -> Vec<Vec<Dot>> {
        let near =
            |a: &Dot, b: &Dot| (a.at - b.at).abs() * self.width <= NEAR.0 && (a.y - b.y).abs() <= NEAR.1;
        let mut groups: Vec<Vec<Dot>> = Vec::new();
        for dot in dots {
            match groups.iter_mut().find(|group| near(&group[0], dot)) {
                Some(group) => group.push(*dot),
                None => groups.push(vec![*dot]),
            }
        }
        groups
    }

    /// Where a text could stand beside a group, the best first.
    fn places(&self, group: &[Dot], width: f64) -> Vec<Rect> {
        let fold = |of: fn(&Rect) -> f64, pick: fn(f64, f64) -> f64| {
            group.iter().map(|dot| of(&self.around(dot))).reduce(pick).unwrap_or_default()
        };
        let (left, right) = (fold(|r| r.left, f64::min), fold(|r| r.left + r.width, f64::max));
        let (top, bottom) = (fold(|r| r.top, f64::min), fold(|r| r.top + r.height, f64::max));
        let (across, down) = ((left + right - width) / 2.0, (top + bottom - self.line) / 2.0);
        let (above, below) = (top - self.line, bottom);
        let at = |(left, top)| Rect { left, top, width, height: self.line };
        let near = [(right + 2.0, down), (across, above), (left - width - 2.0, down), (across, below)];
        let corners = [
            (right - 4.0, above),
            (left - width + 4.0, above),
            (right - 4.0, below),
            (left - width + 4.0, below),
        ];
        near.into_iter().chain(corners).map(at).collect()
    }

    /// Whether a place lies inside the picture; to the right is a margin.
    fn has(&self, place: &Rect, height: f64) -> bool {
        const MARGIN: f64 = 10.0;
        let across = place.left >= 0.0 && place.left + place.width <= self.width + MARGIN;
        across && place.top >= 0.0 && place.top + place.height <= height
    }
}

/// `1, 3–5`: as short as possible. Of many ranges only the first are said.
pub(super) fn ranges(mut numbers: Vec<usize>) -> String {
    const MOST: usize = 2;
    numbers.sort_unstable();
    let ranges: Vec<String> = numbers
        .chunk_by(|a, b| a + 1 == *b)
        .map(|range| match range {
            [one] => one.to_string(),
            [first, second] => format!("{first}, {second}"),
            range => format!("{}–{}", range[0], range[range.len() - 1]),
        })
        .collect();
    let more = if ranges.len() > MOST { ", …" } else { "" };
    format!("{}{more}", ranges[..ranges.len().min(MOST)].join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::markup::tests::assert_balanced;
    use super::*;

    const HEIGHT: f64 = 200.0;

    fn dots(places: &[(f64, f64)]) -> Vec<Dot> {
        places.iter().enumerate().map(|(n, &(at, y))| Dot { at, y, number: n + 1 }).collect()
    }

    #[test]
    fn no_label_lies_on_another_or_on_a_dot() {
        // A spiral has dots at all distances, and some outside of the rest.
        let spiral = (0..40).map(|n| {
            let (turn, far) = (f64::from(n) * 0.7, f64::from(n) / 80.0);
            (0.5 + far * turn.cos(), HEIGHT * (0.5 + far * turn.sin()))
        });
        let dots = dots(&spiral.collect::<Vec<_>>());
        for page in PAGES {
            let placed = page.placed(&dots, HEIGHT);
            assert!(placed.len() > 5, "{placed:?}");
            for (n, (place, _)) in placed.iter().enumerate() {
                assert!(page.has(place, HEIGHT));
                assert!(dots.iter().all(|dot| !place.meets(&page.around(dot))));
                assert!(placed[..n].iter().all(|(other, _)| !place.meets(other)), "{placed:?}");
            }
        }
        labels(&dots, HEIGHT).iter().for_each(|labels| assert_balanced(&labels.to_string()));
    }

    #[test]
    fn dots_on_one_place_share_a_label() {
        let same = dots(&[(1.0, HEIGHT); 6]);
        let placed = PAGES[0].placed(&same, HEIGHT);
        assert_eq!(placed.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(), ["1–6"]);
        assert!(labels(&[], HEIGHT).iter().all(|labels| !labels.to_string().contains("<text")));
    }

    #[test]
    fn numbers_are_said_in_short() {
        let check = |numbers: &[usize], expected: &str| assert_eq!(ranges(numbers.to_vec()), expected);
        check(&[], "");
        check(&[4], "4");
        check(&[5, 4], "4, 5");
        check(&[9, 3, 4, 5], "3–5, 9");
        check(&[1, 3, 5, 7], "1, 3, …");
    }
}
