import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes the compact form of each value with the JDK alone, which has no JSON: {@link #write} is the whole encoder, and
 * the reader above it only brings the values here.
 *
 * <pre>java Encode.java &lt;vectors&gt; &lt;out&gt;</pre>
 */
public final class Encode {
    public static void main(String[] args) throws IOException {
        Path vectors = Path.of(args[0]);
        Path out = Path.of(args[1]);
        try (var folders = Files.newDirectoryStream(vectors)) {
            for (Path folder : folders) {
                Path file = folder.resolve("value.json");
                if (!Files.exists(file)) continue;
                Object value = new Reader(Files.readString(file)).value();
                StringBuilder text = new StringBuilder();
                write(value, text);
                Files.write(out.resolve(folder.getFileName()), text.toString().getBytes(StandardCharsets.UTF_8));
            }
        }
    }

    static void write(Object value, StringBuilder out) {
        if (value instanceof String text) {
            out.append('"');
            for (int at = 0; at < text.length(); at++) {
                char c = text.charAt(at);
                if (c == '"' || c == '\\') out.append('\\').append(c);
                else if (c == '\n') out.append("\\n");
                else if (c < 0x20) throw new IllegalArgumentException("a control character: " + (int) c);
                else out.append(c);
            }
            out.append('"');
        } else if (value instanceof Map<?, ?> members) {
            String between = "{";
            if (members.isEmpty()) out.append('{');
            for (var member : members.entrySet()) {
                out.append(between);
                write(member.getKey(), out);
                out.append(':');
                write(member.getValue(), out);
                between = ",";
            }
            out.append('}');
        } else if (value instanceof List<?> items) {
            String between = "[";
            if (items.isEmpty()) out.append('[');
            for (Object item : items) {
                out.append(between);
                write(item, out);
                between = ",";
            }
            out.append(']');
        } else if (value instanceof Long || value instanceof Boolean) {
            out.append(value);
        } else {
            throw new IllegalArgumentException("neither text, integer, truth value, object nor array: " + value);
        }
    }

    /** Reads well-formed JSON without fractions. */
    private static final class Reader {
        private final String text;
        private int at;

        Reader(String text) {
            this.text = text;
        }

        private char next() {
            while (Character.isWhitespace(text.charAt(at))) at++;
            return text.charAt(at);
        }

        Object value() {
            char first = next();
            if (first == '"') return string();
            if (first == '{') {
                Map<String, Object> members = new LinkedHashMap<>();
                at++;
                while (next() != '}') {
                    if (text.charAt(at) == ',') at++;
                    next();
                    String name = string();
                    next();
                    at++; // the colon
                    members.put(name, value());
                }
                at++;
                return members;
            }
            if (first == '[') {
                List<Object> items = new ArrayList<>();
                at++;
                while (next() != ']') {
                    if (text.charAt(at) == ',') at++;
                    items.add(value());
                }
                at++;
                return items;
            }
            int start = at;
            while (at < text.length() && "+-.0123456789abcdefghijklmnopqrstuvwxyzE".indexOf(text.charAt(at)) >= 0) at++;
            String word = text.substring(start, at);
            if (word.equals("true") || word.equals("false")) return Boolean.valueOf(word);
            return Long.valueOf(word);
        }

        private String string() {
            StringBuilder out = new StringBuilder();
            at++;
            while (text.charAt(at) != '"') {
                char c = text.charAt(at++);
                if (c != '\\') {
                    out.append(c);
                    continue;
                }
                char escape = text.charAt(at++);
                if (escape == 'u') {
                    out.append((char) Integer.parseInt(text.substring(at, at + 4), 16));
                    at += 4;
                } else {
                    int known = "bfnrt".indexOf(escape);
                    out.append(known < 0 ? escape : "\b\f\n\r\t".charAt(known));
                }
            }
            at++;
            return out.toString();
        }
    }
}
