//! The terminal interface as a person uses it: keys in, screens out. Nothing is drawn to a real terminal here.

use mqlab::cli::Files;
use mqlab::ids::EventId;
use mqlab::lab::{Opening, serve};
use mqlab::suite::Bench;
use mqlab::timeline::text::Glyphs;
use mqlab::tui::theme::{Depth, Look, Theme};
use mqlab::tui::{App, Books, Effect, Input, Key, view};
use mqlab::world::{RULES, VERBS};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

/// Sizes that screens are looked at in: a large terminal, the usual one, the smallest that can be used.
pub const SIZES: [(u16, u16); 3] = [(120, 40), (80, 24), (60, 15)];

/// A person at a terminal. Requests to the laboratory are answered before the next key.
pub struct Person {
    pub app: App,
    bench: Bench<Files>,
    size: (u16, u16),
    /// What was done outside, besides what the laboratory did.
    pub outside: Vec<Effect>,
}

impl Person {
    /// At the gallery.
    pub fn at_the_gallery(size: (u16, u16)) -> Person {
        Person::looking(size, Look { theme: Theme::Dark, depth: Depth::Sixteen, glyphs: Glyphs::Unicode })
    }

    pub fn looking(size: (u16, u16), look: Look) -> Person {
        let app = App::new(Books { verbs: VERBS, rules: RULES }, look, Vec::new());
        let mut person = Person { app, bench: Bench::new(Files), size, outside: Vec::new() };
        person.app.take(Input::Size(size.0, size.1));
        person.settle();
        person
    }

    /// With a scenario open at a step, counted from 1.
    pub fn with(path: &str, step: u32, size: (u16, u16)) -> Person {
        let mut person = Person::at_the_gallery(size);
        person.open(path, step);
        person
    }

    /// Opens a scenario at a step, counted from 1.
    pub fn open(&mut self, path: &str, step: u32) {
        self.app.open(Opening { path: path.to_owned(), ..Opening::default() }, Some(EventId(step - 1)));
        self.settle();
    }

    /// Lets the laboratory answer until nothing is asked any more.
    pub fn settle(&mut self) {
        loop {
            let effects = self.app.effects();
            if effects.is_empty() {
                if !self.app.working() {
                    return;
                }
                self.app.take(Input::Idle);
            }
            for effect in effects {
                match effect {
                    Effect::Ask(ticket, request) => {
                        let answer = serve(&mut self.bench, request);
                        self.app.take(Input::Answer(ticket, answer));
                    }
                    effect => self.outside.push(effect),
                }
            }
        }
    }

    /// Presses keys: names as the help shows them, with blanks between; `"text"` is typed letter by letter.
    pub fn press(&mut self, script: &str) -> &mut Person {
        for (n, part) in script.split('"').enumerate() {
            if n % 2 == 1 {
                part.chars().for_each(|c| self.key(Key::Char(c)));
            } else {
                let named = |name: &str| Key::named(name).unwrap_or_else(|| panic!("no key is called {name}"));
                part.split_whitespace().for_each(|name| self.key(named(name)));
            }
        }
        self
    }

    fn key(&mut self, key: Key) {
        self.take(Input::Key(key));
    }

    /// Lets something happen.
    pub fn take(&mut self, input: Input) {
        self.app.take(input);
        self.settle();
    }

    /// The screen as text.
    pub fn screen(&self) -> String {
        // What the backend says of characters of two columns is no part of the screen.
        let text = self.drawn().to_string();
        let line = |line: &str| line.split(" Hidden by multi-width symbols").next().unwrap_or_default().to_owned();
        text.lines().map(line).collect::<Vec<_>>().join("\n")
    }

    /// The screen as cells.
    pub fn buffer(&self) -> ratatui::buffer::Buffer {
        self.drawn().buffer().clone()
    }

    fn drawn(&self) -> TestBackend {
        let mut terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1)).unwrap();
        terminal.draw(|frame| view::draw(&self.app, frame)).unwrap();
        terminal.backend().clone()
    }
}

#[test]
fn a_run_is_stepped_through_at_every_size() {
    for (width, height) in SIZES {
        let mut person = Person::with("lost-confirm", 76, (width, height));
        insta::assert_snapshot!(format!("step_{width}x{height}"), person.screen());
        person.press("j j k");
        assert_eq!(person.app.desk().map(|desk| desk.at()), Some(EventId(79)), "two forward and one back");
    }
}
