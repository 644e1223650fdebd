//! Many environments at a glance: rows of several, stronger in colour where more are busy.

use super::chart::{self, Axis};
use super::intervals::{Lane, Lanes};
use super::markup::{Element, Percent, Short, element};
use super::words::count;
use crate::outcome::Class;

const MOST_ROWS: usize = 50;
const ROW_HEIGHT: f64 = 7.0;
const COLUMNS: usize = 200;

/// Shades told apart. A cell that was busy at all has at least the first.
const SHADES: f64 = 5.0;

/// The lanes in their order, several to a row.
pub(super) fn map(lanes: &Lanes, time: &Axis) -> Element {
    let several = lanes.lanes.len().div_ceil(MOST_ROWS);
    let rows: Vec<Row> = lanes.lanes.chunks(several).map(|lanes| Row::new(lanes, time)).collect();
    let height = ROW_HEIGHT * rows.len() as f64;
    let labels = (0..rows.len()).step_by(10).map(|n| {
        let y = ROW_HEIGHT * (n as f64 + 0.5) + 4.5;
        let (first, last) = (n * several + 1, (n * several + several).min(lanes.lanes.len()));
        let text = format!("{}–{}", count(first as u64), count(last as u64));
        element("text").class("name").with("x", -8).with("y", Short(y)).text(text)
    });
    let cells = rows.iter().enumerate().flat_map(|(n, row)| row.cells(n));
    chart::plot(
        "lanes heat",
        height,
        "Rows of several environments, stronger in colour where more of them are busy",
    )
    .child(element("g").class("axis").child(time.verticals(height)))
    .children(labels)
    .children(cells)
}

/// For each column, how much of it was spent on what.
struct Row(Vec<Cell>);

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Cell {
    /// Fractions of what the row could do.
    warm: f64,
    cold: f64,
}

impl Row {
    fn new(lanes: &[Lane], time: &Axis) -> Row {
        let mut cells = vec![Cell::default(); COLUMNS];
        for bar in lanes.iter().flat_map(|lane| &lane.bars) {
            let (from, to) = (time.scale.at(bar.begin()), time.scale.at(bar.to));
            let (from, to) = (from * COLUMNS as f64, to * COLUMNS as f64);
            let covered = (from as usize).min(COLUMNS - 1)..=(to as usize).min(COLUMNS - 1);
            for column in covered {
                let part = (to.min(column as f64 + 1.0) - from.max(column as f64)) / lanes.len() as f64;
                let cell = &mut cells[column];
                let busy = if bar.class == Class::OkCold { &mut cell.cold } else { &mut cell.warm };
                *busy += part.max(0.0);
            }
        }
        Row(cells)
    }

    /// Neighbours that look the same are drawn as one.
    fn cells(&self, row: usize) -> Vec<Element> {
        let mut column = 0;
        let runs = self.0.chunk_by(|a, b| a.look() == b.look()).filter_map(|run| {
            let first = column;
            column += run.len();
            let (class, shade) = run[0].look()?;
            let rect = element("rect")
                .class(class.key())
                .with("x", Percent(first as f64 / COLUMNS as f64))
                .with("width", Percent(run.len() as f64 / COLUMNS as f64))
                .with("y", Short(ROW_HEIGHT * row as f64))
                .with("height", ROW_HEIGHT - 1.0)
                .with("fill-opacity", Short(f64::from(shade) / SHADES));
            Some(rect)
        });
        runs.collect()
    }
}

impl Cell {
    /// What it was mostly busy with, and how much; none when idle.
    fn look(self) -> Option<(Class, u8)> {
        let busy = self.warm + self.cold;
        let class = if self.cold > self.warm { Class::OkCold } else { Class::OkWarm };
        (busy > 0.0).then(|| (class, (busy.min(1.0) * SHADES).ceil() as u8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::html::intervals::Bar;

    #[test]
    fn a_cell_is_as_strong_as_its_environments_are_busy() {
        let lane = |class, from, to| Lane { id: None, bars: vec![Bar { class, init: None, from, to }] };
        let time = Axis::of_time(0.0, 2.0, "time");
        let row = Row::new(&[lane(Class::OkWarm, 0.0, 2.0), lane(Class::OkCold, 0.0, 1.0)], &time);
        assert_eq!(row.0[0], Cell { warm: 0.5, cold: 0.5 });
        assert_eq!(row.0[COLUMNS - 1], Cell { warm: 0.5, cold: 0.0 });
        assert_eq!(row.0[0].look(), Some((Class::OkWarm, 5)));
        assert_eq!(row.0[COLUMNS - 1].look(), Some((Class::OkWarm, 3)));
        assert_eq!(row.cells(0).len(), 2);
        assert_eq!(Cell::default().look(), None);
    }
}
