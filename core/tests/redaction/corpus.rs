//! Texts with known answers: sentences of ten languages in which a value stands, or something like one.

use std::ops::Range;

use audit_layer_core::sensitive::Sensitive;
use fastrand::Rng;

use crate::{near, values};

/// A text, and what is sensitive in it.
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) answers: Vec<(Sensitive, Range<usize>)>,
}

/// A language: sentences around a value, sentences before a phone number, and sentences without either.
pub(crate) struct Language {
    pub(crate) code: &'static str,
    around: &'static [&'static str],
    phone: &'static [&'static str],
    without: &'static [&'static str],
}

/// Where a value stands in a sentence.
const SLOT: &str = "{}";

/// Makes so many texts of each language, the same on each run.
pub(crate) fn texts(count: usize) -> Vec<Text> {
    let mut random = Rng::with_seed(2026);
    let mut texts = Vec::new();
    for language in LANGUAGES {
        for number in 0..count {
            let kind = Sensitive::ALL[number % Sensitive::ALL.len()];
            texts.push(text(language, kind, &mut random));
        }
    }
    texts
}

/// One to four sentences, of which one has a value of the kind.
fn text(language: &Language, kind: Sensitive, random: &mut Rng) -> Text {
    let mut made = Text {
        text: String::new(),
        answers: Vec::new(),
    };
    let sentences = random.usize(1..=4);
    let chosen = random.usize(0..sentences);
    for number in 0..sentences {
        if number > 0 {
            made.text
                .push_str(if language.is_spaced() { " " } else { "" });
        }
        if number == chosen {
            made.sensitive(language, kind, random);
        } else if random.bool() {
            let near = near::like(random);
            let (before, after) = pick(language.around, random).split_once(SLOT).unwrap();
            made.text.push_str(&format!("{before}{near}{after}"));
        } else {
            made.text.push_str(pick(language.without, random));
        }
    }
    made
}

impl Text {
    fn sensitive(&mut self, language: &Language, kind: Sensitive, random: &mut Rng) {
        let value = values::of(kind, language.code, random);
        let sentences = match value.needs_word {
            true => language.phone,
            false => language.around,
        };
        let (before, after) = pick(sentences, random).split_once(SLOT).unwrap();
        self.text.push_str(before);
        self.text.push_str(&value.before);
        let start = self.text.len();
        self.text.push_str(&value.text);
        self.answers.push((kind, start..self.text.len()));
        self.text.push_str(&value.after);
        self.text.push_str(after);
    }
}

impl Language {
    fn is_spaced(&self) -> bool {
        !matches!(self.code, "ja" | "zh")
    }
}

fn pick<'a>(all: &[&'a str], random: &mut Rng) -> &'a str {
    all[random.usize(0..all.len())]
}

pub(crate) const LANGUAGES: &[Language] = &[
    Language {
        code: "en",
        around: &[
            "Please check {} for me.",
            "The customer wrote: \"{}\".",
            "Summarize this record ({}) and reply.",
            "Here is what I have:\n- {}\n- nothing else",
            "name,value\nx,{}\n",
            "Is {} still valid?",
            "7,{},Bob",
            "[1,{},2]",
            r#"{"text":"Line:\n{}\n"}"#,
        ],
        phone: &[
            "Call me at {} tomorrow.",
            "Phone: {}.",
            "My mobile is {}, thanks.",
        ],
        without: &[
            "What is the capital of France?",
            "Write a haiku about 3 gateways and 17 services.",
            "The price went from $1,299.00 to $1,149.50 in 2025.",
        ],
    },
    Language {
        code: "de",
        around: &[
            "Bitte prüfe {} für mich.",
            "Der Kunde schrieb: „{}“.",
            "Fasse den Datensatz ({}) zusammen.",
            "Ist {} noch gültig?",
            "Angaben:\n* {}\n* sonst nichts",
        ],
        phone: &[
            "Tel.: {}.",
            "Meine Handynummer ist {}.",
            "Telefon {} – bitte zurückrufen.",
        ],
        without: &[
            "Wie hoch ist der Betrag von 1.234.567,89 € netto?",
            "Schreibe ein Gedicht über Straßen und Flüsse.",
            "Am 24.12.2025 um 18:30 Uhr ist Schluss.",
        ],
    },
    Language {
        code: "fr",
        around: &[
            "Merci de vérifier {} pour moi.",
            "Le client a écrit : « {} ».",
            "Résume cette fiche ({}) en une phrase.",
            "Est-ce que {} est encore valable ?",
            "Données :\n– {}\n– rien d'autre",
        ],
        phone: &["Tél. : {}.", "Mon téléphone : {}.", "Appelez le {} demain."],
        without: &[
            "Le montant est de 12 345 678,90 € hors taxes.",
            "Écris un poème sur l'été à Orléans.",
            "Rendez-vous le 14/07/2026 à 9 h 15.",
        ],
    },
    Language {
        code: "es",
        around: &[
            "Por favor, comprueba {} por mí.",
            "El cliente escribió: «{}».",
            "Resume este registro ({}) en español.",
            "¿Sigue siendo válido {}?",
            "Datos:\n- {}\n- nada más",
        ],
        phone: &["Teléfono: {}.", "Mi móvil es {}.", "Llame al {} mañana."],
        without: &[
            "El precio subió de 1.299,00 a 1.349,99 euros.",
            "Escribe un cuento sobre el año nuevo.",
            "La reunión es el 05/11/2026 a las 17:45.",
        ],
    },
    Language {
        code: "it",
        around: &[
            "Per favore controlla {} per me.",
            "Il cliente ha scritto: \"{}\".",
            "Riassumi questa scheda ({}).",
            "È ancora valido {}?",
            "Dati:\n- {}\n- nient'altro",
        ],
        phone: &["Tel. {}.", "Il mio cellulare è {}.", "Telefono: {}."],
        without: &[
            "Il totale è di 45.678,90 euro più IVA.",
            "Scrivi una poesia sulla città di Forlì.",
            "Ci vediamo il 01.02.2027 alle 8:05.",
        ],
    },
    Language {
        code: "pt",
        around: &[
            "Por favor, verifique {} para mim.",
            "O cliente escreveu: \"{}\".",
            "Resuma este registo ({}).",
            "{} ainda é válido?",
            "Dados:\n- {}\n- mais nada",
        ],
        phone: &[
            "Telefone: {}.",
            "O meu celular é {}.",
            "Ligue para {} amanhã.",
        ],
        without: &[
            "O preço passou de R$ 1.299,00 para R$ 1.499,90.",
            "Escreva um poema sobre São Paulo à noite.",
            "A reunião é no dia 30/11/2026 às 14h20.",
        ],
    },
    Language {
        code: "nl",
        around: &[
            "Controleer {} alsjeblieft voor mij.",
            "De klant schreef: '{}'.",
            "Vat dit dossier ({}) samen.",
            "Is {} nog geldig?",
            "Gegevens:\n- {}\n- verder niets",
        ],
        phone: &["Telefoon: {}.", "Mijn telefoonnummer is {}.", "Tel. {}."],
        without: &[
            "Het bedrag is € 12.345,67 inclusief btw.",
            "Schrijf een gedicht over de coördinatie van ideeën.",
            "De vergadering is op 12-05-2026 om 10:30 uur.",
        ],
    },
    Language {
        code: "pl",
        around: &[
            "Proszę sprawdź {} dla mnie.",
            "Klient napisał: „{}”.",
            "Streść ten rekord ({}).",
            "Czy {} jest nadal ważne?",
            "Dane:\n- {}\n- nic więcej",
        ],
        phone: &["Telefon: {}.", "Mój numer telefonu: {}.", "Tel. {}."],
        without: &[
            "Cena wzrosła z 1 299,00 zł do 1 449,50 zł.",
            "Napisz wiersz o Łodzi i żółwiach.",
            "Spotkanie 07.03.2026 o godzinie 16:15.",
        ],
    },
    Language {
        code: "ja",
        around: &[
            "{}を確認してください。",
            "お客様からの連絡は「{}」です。",
            "次の記録（{}）を要約してください。",
            "{}はまだ有効ですか？",
            "内容：\n・{}\n・以上",
        ],
        phone: &["電話：{}。", "携帯は{}です。", "電話番号は {} です。"],
        without: &[
            "価格は1,299円から1,499円になりました。",
            "俳句を一つ書いてください。",
            "会議は2026年11月30日14時20分です。",
        ],
    },
    Language {
        code: "zh",
        around: &[
            "请帮我检查{}。",
            "客户写道：“{}”。",
            "请总结这条记录（{}）。",
            "{}还有效吗？",
            "内容：\n- {}\n- 没有别的",
        ],
        phone: &["电话：{}。", "我的手机是{}，谢谢。", "手机号码 {}。"],
        without: &[
            "价格从1,299.00元涨到1,499.50元。",
            "请写一首关于春天的诗。",
            "会议时间是2026年11月30日14:20。",
        ],
    },
];
