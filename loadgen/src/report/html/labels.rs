//! Numbers beside dots, where none lies on another or on a dot.
//!
//! Knows nothing of reports. How wide a page will be is not known either, so
//! there are three layouts, each for the narrowest page that the style sheet shows
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

const PAGES: [Page; 3] = [
    Page { width: 780.0, letter: 9.0, line: 16.0, class: "on-wide" },
    Page { width: 455.0, letter: 9.0, line: 16.0, class: "on-middle" },
    Page { width: 210.0, letter: 7.8, line: 14.0, class: "on-narrow" },
];

/// What a dot takes, from its middle.
const RADIUS: f64 = 7.0;

/// Dots this near share a number's place: that distance is taken which leaves
/// the fewest without, and of those the least.
const NEAR: [(f64, f64); 3] = [(10.0, 8.0), (26.0, 14.0), (44.0, 22.0)];

/// The labels of dots, for each width of the page. Who comes first has the
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

/// Text beside a dot, which it follows where the page is wider.
#[derive(Debug, Clone, PartialEq)]
struct Label {
    text: String,
    /// How many dots it names.
    dots: usize,
    /// The place of the one that it follows.
    at: f64,
    place: Rect,
    /// From where to where a line leads to the dot, if others stand between.
    leader: Option<(f64, f64)>,
}

impl Page {
    fn labels(&self, dots: &[Dot], height: f64) -> Element {
        let labels = self.placed(dots, height);
        let leaders = labels.iter().filter_map(|label| {
            let (from, to) = label.leader?;
            let x = Percent(label.at).to_string();
            let line = element("line").with("x1", &x).with("x2", &x);
            Some(line.with("y1", Short(from)).with("y2", Short(to)))
        });
        let texts = labels.iter().map(|Label { text, at, place, .. }| {
            element("text")
                .with("x", Percent(*at))
                .with("dx", Short(place.left + place.width / 2.0 - at * self.width))
                .with("y", Short(place.top + self.line * 0.8))
                .text(text)
        });
        element("g").class(format_args!("numbered {}", self.class)).children(leaders).children(texts)
    }

    /// Where there is no room for all, the hints of the dots have to do.
    fn placed(&self, dots: &[Dot], height: f64) -> Vec<Label> {
        let layouts = NEAR.map(|near| self.place(&self.groups(dots, near), dots, height));
        let named = |layout: &Vec<Label>| layout.iter().map(|label| label.dots).sum::<usize>();
        // Of equals the last is the greatest.
        layouts.into_iter().rev().max_by_key(named).unwrap_or_default()
    }

    fn place(&self, groups: &[Vec<Dot>], dots: &[Dot], height: f64) -> Vec<Label> {
        let mut taken: Vec<Rect> = dots.iter().map(|dot| self.around(dot)).collect();
        let mut placed = Vec::new();
        for group in groups {
            let text = ranges(group.iter().map(|dot| dot.number).collect());
            let places = self.places(group, text.chars().count() as f64 * self.letter);
            let free =
                |place: &Rect| self.has(place, height) && !taken.iter().any(|other| place.meets(other));
            if let Some((at, place)) = places.into_iter().find(|(_, place)| free(place)) {
                taken.push(place);
                let leader = self.leader(&group[group.len() / 2], &place);
                placed.push(Label { text, dots: group.len(), at, place, leader });
            }
        }
        placed
    }

    /// None where the label is the dot's neighbour.
    fn leader(&self, dot: &Dot, place: &Rect) -> Option<(f64, f64)> {
        let (top, bottom) = (dot.y - RADIUS, dot.y + RADIUS);
        if place.top + 2.0 * self.line <= top + 1.0 {
            Some((place.top + self.line, top))
        } else {
            (place.top - self.line >= bottom - 1.0).then_some((place.top, bottom))
        }
    }

    fn around(&self, dot: &Dot) -> Rect {
        let (left, top) = (dot.at * self.width - RADIUS, dot.y - RADIUS);
        Rect { left, top, width: 2.0 * RADIUS, height: 2.0 * RADIUS }
    }

    /// Dots whose numbers could not be told apart, by the first of them; each
    /// from left to right.
    fn groups(&self, dots: &[Dot], near: (f64, f64)) -> Vec<Vec<Dot>> {
        let near =
            |a: &Dot, b: &Dot| (a.at - b.at).abs() * self.width <= near.0 && (a.y - b.y).abs() <= near.1;
        let mut groups: Vec<Vec<Dot>> = Vec::new();
        for dot in dots {
            match groups.iter_mut().find(|group| near(&group[0], dot)) {
                Some(group) => group.push(*dot),
                None => groups.push(vec![*dot]),
            }
        }
        groups.iter_mut().for_each(|group| group.sort_by(|a, b| a.at.total_cmp(&b.at)));
        groups
    }

    /// Where a text could stand beside a group, the best first, and the dot that
    /// it follows.
    fn places(&self, group: &[Dot], width: f64) -> Vec<(f64, Rect)> {
        let [first, middle, last] = [0, group.len() / 2, group.len() - 1].map(|n| group[n].at);
        let top = group.iter().map(|dot| dot.y).fold(f64::INFINITY, f64::min) - RADIUS;
        let bottom = group.iter().map(|dot| dot.y).fold(0.0, f64::max) + RADIUS;
        let (above, level, below) = (top - self.line, (top + bottom - self.line) / 2.0, bottom);
        let x = |at: f64| at * self.width;
        let right = |gap: f64| x(last) + RADIUS + gap;
        let left = |gap: f64| x(first) - RADIUS - gap - width;
        let across = x(middle) - width / 2.0;
        let places = [
            (last, right(2.0), level),
            (middle, across, above),
            (first, left(2.0), level),
            (middle, across, below),
            (middle, across, above - self.line),
            (middle, across, below + self.line),
            (middle, across, above - 2.0 * self.line),
            (last, right(-4.0), above),
            (first, left(-4.0), above),
            (last, right(-4.0), below),
            (first, left(-4.0), below),
        ];
        places.map(|(at, left, top)| (at, Rect { left, top, width, height: self.line })).into()
    }

    /// Whether a place lies inside the picture; to the right is a margin.
    fn has(&self, place: &Rect, height: f64) -> bool {
        const MARGIN: f64 = 20.0;
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
            for (n, Label { place, .. }) in placed.iter().enumerate() {
                assert!(page.has(place, HEIGHT));
                assert!(dots.iter().all(|dot| !place.meets(&page.around(dot))));
                assert!(placed[..n].iter().all(|other| !place.meets(&other.place)), "{placed:?}");
            }
        }
        labels(&dots, HEIGHT).iter().for_each(|labels| assert_balanced(&labels.to_string()));
    }

    #[test]
    fn a_line_leads_to_a_dot_that_is_far() {
        let (page, dot) = (PAGES[0], Dot { at: 0.5, y: 100.0, number: 1 });
        let check = |top, expected| {
            let place = Rect { left: 0.0, top, width: 9.0, height: page.line };
            assert_eq!(page.leader(&dot, &place), expected, "{top}");
        };
        check(92.0, None);
        check(77.0, None);
        check(61.0, Some((77.0, 93.0)));
        check(107.0, None);
        check(123.0, Some((123.0, 107.0)));
    }

    #[test]
    fn dots_on_one_place_share_a_label() {
        let same = dots(&[(1.0, HEIGHT); 6]);
        let placed = PAGES[0].placed(&same, HEIGHT);
        assert_eq!(placed.iter().map(|label| label.text.as_str()).collect::<Vec<_>>(), ["1–6"]);
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
