import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Rebuilds the bundled demo texts, a BEIR-style folder, from the noun synsets of WordNet 3.0.
 *
 * <p>Run from the root of the repository, after {@code apt-get install wordnet-base}:
 *
 * <pre>{@code
 * java scripts/WordnetTexts.java [WORDNET_DIR] embed/src/main/resources/dev/kith/embed/wordnet
 * }</pre>
 *
 * <p>{@code WORDNET_DIR} holds {@code data.noun} and {@code index.noun} and defaults to Debian's
 * {@code /usr/share/wordnet}. Written are {@code corpus.jsonl}, {@code queries.jsonl}, {@code
 * qrels/test.tsv} and {@code LICENSE}. The same input gives the same bytes: nothing depends on a
 * clock, a locale, a random number or the order of a hash table.
 *
 * <p><b>What is selected.</b> Things that a reader enjoys searching, in the groups of {@link
 * #GROUPS}: above all every building, monument, ruin and park, then cities and islands, mountains,
 * rivers and stars, animals, flowers, food, instruments, inventions, people, gods, games and
 * battles. A group is all that lies under its roots by hyponym and by instance pointers, so that
 * "temple" brings in the Parthenon; a synset belongs to the first group that reaches it. From a
 * group with a limit, the synsets of the highest {@link #interest} are taken.
 *
 * <p><b>What is left out.</b> Synsets that WordNet marks as slurs, disparagement, obscenity or
 * slang; those under {@link #UNWELCOME_ROOTS}; those that match {@link #UNWELCOME}; those whose
 * definition has fewer than {@value #MIN_GLOSS_WORDS} words; and those whose definition still holds
 * a quotation mark once the examples are out.
 *
 * <p><b>The text</b> is "words: definition". The quoted sentences of a gloss are usage examples:
 * they are taken out of the text, and those of at least {@value #MIN_EXAMPLE_WORDS} words become
 * queries whose one relevant text is the synset they came from.
 */
public final class WordnetTexts {

  private static final Path DEBIAN_DIR = Path.of("/usr/share/wordnet");

  private static final int MIN_GLOSS_WORDS = 4;
  private static final int MIN_EXAMPLE_WORDS = 5;

  /** First query: it has no known right answer, hence no row in the qrels. */
  private static final String LANDMARK_QUERY = "iconic archaeological landmark";

  /** Beginning of the usage example that becomes query {@code usage}, the second one. */
  private static final String USAGE_QUERY = "they stormed the ramparts of the city";

  /**
   * One topic of the bundle.
   *
   * @param name name in the summary
   * @param limit most synsets taken; zero takes all
   * @param instancesOnly whether to take named things alone (Rome, but not "state capital")
   * @param roots "lemma#sense" as {@code index.noun} numbers the senses
   */
  private record Group(String name, int limit, boolean instancesOnly, List<String> roots) {
    static Group of(String name, int limit, String... roots) {
      return new Group(name, limit, false, List.of(roots));
    }

    static Group named(String name, int limit, String... roots) {
      return new Group(name, limit, true, List.of(roots));
    }
  }

  private static final String[] NATURE = {
    "geological_formation#1",
    "body_of_water#1",
    "celestial_body#1",
    "natural_elevation#1",
    "mountain_peak#1",
    "natural_depression#1",
    "desert#1",
    "gem#2",
    "weather#1"
  };

  private static final List<Group> GROUPS =
      List.of(
          Group.named(
              "named landmarks", 0, "structure#1", "facility#1", "monument#2", "sculpture#1"),
          Group.of(
              "buildings and monuments",
              0,
              "building#1",
              "building_complex#1",
              "housing#1",
              "memorial#3",
              "monument#2",
              "archeological_site#1",
              "ruin#2",
              "burial_chamber#1",
              "mound#4",
              "tower#1",
              "arch#4",
              "column#6",
              "colonnade#1",
              "colonnade#2",
              "bridge#1",
              "defensive_structure#1",
              "stadium#1",
              "lookout#3",
              "fountain#1",
              "sculpture#1",
              "canal#3",
              "garden#1",
              "park#1",
              "park#2"),
          Group.of("other structures", 200, "structure#1", "facility#1", "road#1"),
          Group.named("places", 550, "city#1", "town#1", "island#1", "country#2", "continent#1"),
          Group.named("natural wonders", 0, NATURE),
          Group.of("kinds of nature", 110, NATURE),
          Group.of("animals", 600, "animal#1"),
          Group.of("flowers and trees", 120, "flower#1", "tree#1"),
          Group.of("food and drink", 450, "food#2", "dish#2", "beverage#1"),
          Group.of("musical instruments", 0, "musical_instrument#1"),
          Group.of("inventions", 480, "device#1", "machine#1", "vehicle#1", "equipment#1", "toy#1"),
          Group.named("people", 430, "person#1"),
          Group.of("gods and legends", 200, "imaginary_being#1", "spiritual_being#1"),
          Group.of(
              "arts and games",
              200,
              "dance#3",
              "game#1",
              "game#3",
              "sport#1",
              "musical_composition#1",
              "painting#1",
              "festival#1",
              "festival#2"),
          Group.named("battles", 60, "battle#1"));

  /** Roots of the synsets that are left out, whichever group would take them. */
  private static final List<String> UNWELCOME_ROOTS =
      List.of(
          "bomb#1",
          "missile#1",
          "ammunition#1",
          "firearm#1",
          "weapon_of_mass_destruction#1",
          "criminal#1",
          "toilet#1",
          "toilet#2",
          "embryo#2");

  /** Domains ("usage" pointers) whose members are left out. */
  private static final Set<String> UNWELCOME_DOMAINS =
      Set.of("ethnic_slur", "disparagement", "obscenity", "slang", "derogation");

  /** Whole words, or beginnings of words, that keep a synset out when they stand in its gloss. */
  private static final Pattern UNWELCOME =
      Pattern.compile(
          "\\b(slurs?\\b|offensive (term|name|word)|disparag|derogat|contemptuous|obscen|vulgar\\b"
              + "|sex(es|y)?\\b|sexual|copulat|intercourse|erotic|pornograph|prostitut|brothel"
              + "|whore|harlot|strumpet|pimps?\\b|genital|penis|vagina|condoms?\\b|contracepti|pessar|abortion|masturbat|excrement|feces|faec|urin(e|al|at)|defecat|enema|vomit|nazi|jewess|villainous"
              + " jew|holocaust|genocid|concentration camp|slave (ship|trade|market|owner)"
              + "|tortur|rapist|rape\\b|execution|gallows|hanged|corpses|suicid|murderer|(counter)?terroris|narcotic|cocaine|heroin\\b|marijuana|opium|cannabis|addict|drug"
              + " users|bombing|forced labor|political prisoner|pool of blood"
              + "|negro|squaw|savages?\\b|half-breed|gypsy|gypsies|eskimo|mohammedan|redskin"
              + "|cripple|retarded|insane|lunatic|moron|idiot|bastard|bitch|asshole|shits?\\b"
              + "|piss\\b|fuck|cunt|pussy|tits?\\b|boobs?\\b|cocks?\\b|bugger|darky|nigger|coon\\b"
              + "|spic\\b|wop\\b)",
          Pattern.CASE_INSENSITIVE);

  /**
   * A synset as {@code data.noun} has it.
   *
   * @param id "n" for noun and its address in the file
   * @param words lemmas, underscores already spaces
   * @param pointers relations to other synsets
   * @param definition the gloss without its examples; null where quotation marks are unclear
   * @param examples the usage examples of the gloss
   */
  private record Synset(
      String id,
      List<String> words,
      List<Pointer> pointers,
      String definition,
      List<String> examples) {

    String text() {
      return String.join(", ", words) + ": " + definition;
    }

    boolean isInstance() {
      return pointers.stream().anyMatch(p -> p.symbol.equals("@i"));
    }
  }

  /** A relation to the synset with the id {@code target}, which need not be a noun. */
  private record Pointer(String symbol, String target) {}

  /** Contribution of one group, and the number of synsets that could have been taken. */
  private record Taken(Group group, int eligible, List<Synset> synsets) {}

  private record Query(String id, String text, String relevant) {}

  private final Map<String, Synset> synsets = new TreeMap<>();
  private final Map<String, List<String>> senses = new HashMap<>();
  private final Map<String, List<String>> below = new HashMap<>();
  private final List<String> licence = new ArrayList<>();

  private WordnetTexts(Path dir) throws IOException {
    for (String line : lines(dir.resolve("data.noun"))) {
      if (line.startsWith("  ")) {
        licence.add(line.strip().replaceFirst("^\\d+ ?", "").strip());
      } else {
        Synset synset = parse(line);
        synsets.put(synset.id, synset);
      }
    }
    for (Synset synset : synsets.values()) {
      for (Pointer pointer : synset.pointers) {
        if (pointer.symbol.startsWith("@")) {
          below.computeIfAbsent(pointer.target, _ -> new ArrayList<>()).add(synset.id);
        }
      }
    }
    for (String line : lines(dir.resolve("index.noun"))) {
      if (!line.startsWith("  ")) {
        String[] fields = line.strip().split(" ");
        int count = Integer.parseInt(fields[2]);
        senses.put(
            fields[0],
            List.of(fields).subList(fields.length - count, fields.length).stream()
                .map(id -> "n" + id)
                .toList());
      }
    }
  }

  /** Builds the folder; see the description of the class for the arguments. */
  public static void main(String[] args) throws IOException {
    if (args.length < 1 || args.length > 2) {
      System.err.println("usage: java scripts/WordnetTexts.java [WORDNET_DIR] OUT_DIR");
      System.exit(2);
    }
    Path in = args.length == 2 ? Path.of(args[0]) : DEBIAN_DIR;
    Path out = Path.of(args[args.length - 1]);
    if (!Files.isReadable(in.resolve("data.noun"))) {
      System.err.println(in.resolve("data.noun") + ": not there; try apt-get install wordnet-base");
      System.exit(2);
    }
    new WordnetTexts(in).write(out);
  }

  private void write(Path out) throws IOException {
    List<Taken> groups = select();
    List<Synset> chosen =
        groups.stream()
            .flatMap(taken -> taken.synsets.stream())
            .sorted(Comparator.comparing(Synset::id))
            .toList();
    List<Query> queries = queries(chosen);

    Files.createDirectories(out.resolve("qrels"));
    put(out.resolve("corpus.jsonl"), chosen.stream().map(s -> json("_id", s.id, "text", s.text())));
    put(out.resolve("queries.jsonl"), queries.stream().map(q -> json("_id", q.id, "text", q.text)));
    put(
        out.resolve("qrels").resolve("test.tsv"),
        Stream.concat(
            Stream.of("query-id\tcorpus-id\tscore"),
            queries.stream()
                .filter(q -> q.relevant != null)
                .map(q -> q.id + "\t" + q.relevant + "\t1")));
    put(out.resolve("LICENSE"), licenceText(chosen.size()));

    System.out.printf(Locale.ROOT, "%-26s%8s%8s%n", "group", "of", "taken");
    for (Taken taken : groups) {
      System.out.printf(
          Locale.ROOT, "%-26s%8d%8d%n", taken.group.name, taken.eligible, taken.synsets.size());
    }
    System.out.printf(
        Locale.ROOT, "%d texts, %d queries in %s%n", chosen.size(), queries.size(), out);
  }

  /** Chooses the synsets, group after group. */
  private List<Taken> select() {
    List<Taken> groups = new ArrayList<>();
    Set<String> reached = new HashSet<>(under(UNWELCOME_ROOTS));
    for (Group group : GROUPS) {
      List<Synset> members = new ArrayList<>();
      for (String id : under(group.roots)) {
        Synset synset = synsets.get(id);
        boolean fits = !group.instancesOnly || synset.isInstance();
        if (fits && reached.add(id) && isWelcome(synset)) {
          members.add(synset);
        }
      }
      members.sort(
          Comparator.comparingInt(WordnetTexts::interest).reversed().thenComparing(Synset::id));
      int count = group.limit == 0 ? members.size() : Math.min(group.limit, members.size());
      groups.add(new Taken(group, members.size(), List.copyOf(members.subList(0, count))));
    }
    return groups;
  }

  /** Everything below the roots, in the order of ids, the roots included. */
  private Set<String> under(List<String> roots) {
    Map<String, Boolean> seen = new TreeMap<>();
    ArrayDeque<String> open = new ArrayDeque<>();
    for (String root : roots) {
      String[] parts = root.split("#");
      open.add(senses.get(parts[0]).get(Integer.parseInt(parts[1]) - 1));
    }
    while (!open.isEmpty()) {
      String id = open.poll();
      if (seen.putIfAbsent(id, true) == null) {
        open.addAll(below.getOrDefault(id, List.of()));
      }
    }
    return seen.keySet();
  }

  private boolean isWelcome(Synset synset) {
    if (synset.definition == null || countWords(synset.definition) < MIN_GLOSS_WORDS) {
      return false;
    }
    if (UNWELCOME.matcher(synset.text()).find()) {
      return false;
    }
    return synset.pointers.stream()
        .filter(p -> p.symbol.equals(";u"))
        .map(p -> synsets.get(p.target))
        .noneMatch(
            domain ->
                domain != null
                    && domain.words.stream()
                        .anyMatch(w -> UNWELCOME_DOMAINS.contains(w.replace(' ', '_'))));
  }

  /**
   * Measure of how much there is to find: a definition that tells something, an example, and the
   * marks of what is well known, namely many relations to other synsets and words derived from this
   * one, such as "Shakespearean".
   */
  private static int interest(Synset synset) {
    boolean example = synset.examples.stream().anyMatch(WordnetTexts::isQuery);
    boolean derived = synset.pointers.stream().anyMatch(p -> p.symbol.equals("+"));
    return Math.min(24, countWords(synset.definition))
        + Math.min(16, synset.pointers.size())
        + (example ? 12 : 0)
        + (derived ? 10 : 0);
  }

  private static boolean isQuery(String example) {
    return countWords(example) >= MIN_EXAMPLE_WORDS && !UNWELCOME.matcher(example).find();
  }

  private static int countWords(String text) {
    return text.isBlank() ? 0 : text.strip().split("\\s+").length;
  }

  private static List<Query> queries(List<Synset> chosen) {
    List<Query> queries = new ArrayList<>();
    Query usage = null;
    for (Synset synset : chosen) {
      int number = 0;
      for (String example : synset.examples) {
        if (isQuery(example)) {
          if (example.startsWith(USAGE_QUERY)) {
            usage = new Query("usage", example, synset.id);
          } else {
            queries.add(new Query(synset.id + "-ex" + number, example, synset.id));
          }
        }
        number++;
      }
    }
    if (usage == null) {
      throw new IllegalStateException("no chosen synset has the example: " + USAGE_QUERY);
    }
    queries.addFirst(usage);
    queries.addFirst(new Query("landmark", LANDMARK_QUERY, null));
    return queries;
  }

  /** Reads one line of {@code data.noun}; its form is described in {@code man 5 wndb}. */
  private static Synset parse(String line) {
    int bar = line.indexOf(" | ");
    String[] fields = line.substring(0, bar).split(" ");
    int wordCount = Integer.parseInt(fields[3], 16);
    List<String> words = new ArrayList<>();
    for (int i = 0; i < wordCount; i++) {
      words.add(fields[4 + 2 * i].replace('_', ' '));
    }
    int at = 4 + 2 * wordCount;
    int pointerCount = Integer.parseInt(fields[at++]);
    List<Pointer> pointers = new ArrayList<>();
    for (int i = 0; i < pointerCount; i++, at += 4) {
      pointers.add(new Pointer(fields[at], fields[at + 2] + fields[at + 1]));
    }
    List<String> definition = new ArrayList<>();
    List<String> examples = new ArrayList<>();
    boolean clear = split(line.substring(bar + 3).strip(), definition, examples);
    return new Synset(
        "n" + fields[0], words, pointers, clear ? String.join("; ", definition) : null, examples);
  }

  /**
   * Splits a gloss at the semicolons outside quotation marks: a part that begins with a quotation
   * mark holds examples (and perhaps who said so, which is dropped), any other is definition.
   *
   * @return whether all went well: marks come in pairs and none is left inside the definition
   */
  private static boolean split(String gloss, List<String> definition, List<String> examples) {
    boolean quoted = false;
    int start = 0;
    for (int i = 0; i <= gloss.length(); i++) {
      if (i == gloss.length() || gloss.charAt(i) == ';' && !quoted) {
        String part = gloss.substring(start, i).strip();
        start = i + 1;
        if (part.startsWith("\"")) {
          String[] pieces = part.split("\"");
          for (int piece = 1; piece < pieces.length; piece += 2) {
            examples.add(pieces[piece].strip());
          }
        } else if (part.indexOf('"') >= 0) {
          return false;
        } else if (!part.isEmpty()) {
          definition.add(part);
        }
      } else if (gloss.charAt(i) == '"') {
        quoted = !quoted;
      }
    }
    return !quoted;
  }

  private Stream<String> licenceText(int texts) {
    String notice =
        """
        The texts in this folder are taken from WordNet 3.0 (https://wordnet.princeton.edu/), file
        data.noun, as packaged by Debian (wordnet-base 1:3.0-37), under the licence below.

        What was changed: %d of its noun synsets were selected; each became one text, its words and
        its definition joined as "words: definition" with underscores as spaces; the usage examples
        in the glosses were taken out of the texts, and those of five words or more became queries;
        relations, sense numbers and all else were left out. The query "landmark" is not WordNet's.
        The folder is made by scripts/WordnetTexts.java of the Kith project.

        ----------------------------------------------------------------------------------------
        """
            .formatted(texts);
    return Stream.concat(Arrays.stream(notice.split("\n")), licence.stream());
  }

  private static List<String> lines(Path file) throws IOException {
    return Files.readAllLines(file, StandardCharsets.UTF_8);
  }

  private static void put(Path file, Stream<String> lines) {
    StringBuilder all = new StringBuilder();
    lines.forEach(line -> all.append(line).append('\n'));
    try {
      Files.writeString(file, all, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One JSON object on one line; keys and values take turns. */
  private static String json(String... keysAndValues) {
    StringBuilder out = new StringBuilder("{");
    for (int i = 0; i < keysAndValues.length; i++) {
      out.append(i == 0 ? "" : i % 2 == 0 ? ", " : ": ").append('"');
      for (char c : keysAndValues[i].toCharArray()) {
        if (c == '"' || c == '\\') {
          out.append('\\').append(c);
        } else if (c < ' ') {
          out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
        } else {
          out.append(c);
        }
      }
      out.append('"');
    }
    return out.append('}').toString();
  }
}
