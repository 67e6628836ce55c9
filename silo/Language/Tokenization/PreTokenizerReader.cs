using DeepSeekOrleans.Language.Models;
using DeepSeekOrleans.Language.Tokenization.Normalization;
using DeepSeekOrleans.Language.Tokenization.Splitting;
using DeepSeekOrleans.Language.WordPiece;

namespace DeepSeekOrleans.Language.Tokenization;

/// <summary>How text is cut into words before the model sees it.</summary>
/// <param name="Splitters">The passes; each cuts the pieces of the one before.</param>
/// <param name="ByteLevel">The words are spelled in the byte alphabet.</param>
/// <param name="Metaspace">Rewrites spaces first; null for byte-level models.</param>
internal sealed record PreTokenizer(IReadOnlyList<IWordSplitter> Splitters, bool ByteLevel, MetaspaceNormalizer? Metaspace);

/// <summary>
/// Reads the <c>pre_tokenizer</c> of a tokenizer.json. The patterns of the model families that are served have a splitter each;
/// another pattern is refused, because a near match would give other tokens than the model was trained on, silently.
/// </summary>
internal static class PreTokenizerReader
{
    public static PreTokenizer Read(JsonNode? node)
    {
        Draft draft = new();
        if (node is JsonNode preTokenizer)
        {
            Add(preTokenizer, draft);
            if (draft.DropsSpaces && draft.Metaspace is null)
            {
                throw preTokenizer.Wrong("WhitespaceSplit is supported only before Metaspace");
            }
        }

        return new PreTokenizer(draft.Splitters, draft.ByteLevel, draft.Metaspace);
    }

    private static void Add(JsonNode node, Draft draft)
    {
        string type = node.GetText("type");
        if (draft.ByteLevel || draft.Metaspace is not null)
        {
            throw node.Wrong($"'{type}' behind ByteLevel or Metaspace is not supported");
        }

        switch (type)
        {
            case "Sequence":
                foreach (JsonNode item in node.Get("pretokenizers").Items())
                {
                    Add(item, draft);
                }

                break;
            case "Split":
                draft.Splitters.Add(ReadSplit(node));
                break;
            case "Digits":
                draft.Splitters.Add(new DigitSplitter(node.GetFlag("individual_digits") ? 1 : int.MaxValue));
                break;
            case "ByteLevel":
                AddByteLevel(node, draft);
                break;
            case "Metaspace":
                AddMetaspace(node, draft);
                break;
            case "BertPreTokenizer":
                draft.Splitters.Add(new BertSplitter());
                break;
            case "WhitespaceSplit" when draft.Splitters.Count == 0:
                draft.DropsSpaces = true;
                break;
            default:
                throw node.Wrong(
                    $"the pre-tokenizer '{type}' is not supported here; Sequence, Split, Digits, ByteLevel, Metaspace, BertPreTokenizer and WhitespaceSplit first are");
        }
    }

    private static IWordSplitter ReadSplit(JsonNode node)
    {
        string behavior = node.GetText("behavior");
        if (behavior != "Isolated" || node.GetFlag("invert"))
        {
            throw node.Wrong("only Split with the behavior Isolated, not inverted, is supported");
        }

        string pattern = node.Get("pattern").GetText("Regex");
        return pattern switch
        {
            Gpt2Splitter.Pattern => new Gpt2Splitter(),
            TiktokenSplitter.SingleDigitPattern => new TiktokenSplitter(1),
            TiktokenSplitter.ThreeDigitsPattern => new TiktokenSplitter(3),
            DigitSplitter.ThreeDigitsPattern => new DigitSplitter(3),
            CjkSplitter.Pattern => new CjkSplitter(),
            DeepSeekSplitter.Pattern => new DeepSeekSplitter(),
            _ => throw node.Wrong($"the pattern {pattern} is none of those supported (GPT-2, Qwen2/3, Llama 3, DeepSeek-V3)"),
        };
    }

    private static void AddByteLevel(JsonNode node, Draft draft)
    {
        if (node.GetFlag("add_prefix_space"))
        {
            throw node.Wrong("ByteLevel with add_prefix_space is not supported");
        }

        if (node.GetFlag("use_regex", absent: true))
        {
            draft.Splitters.Add(new Gpt2Splitter());
        }

        draft.ByteLevel = true;
    }

    private static void AddMetaspace(JsonNode node, Draft draft)
    {
        string mark = node.GetText("replacement");
        if (mark.Length != 1)
        {
            throw node.Wrong("'replacement' must be one character");
        }

        PrependScheme scheme = node.Find("prepend_scheme")?.AsText() switch
        {
            "always" => PrependScheme.Always,
            "first" => PrependScheme.First,
            "never" => PrependScheme.Never,
            null => node.GetFlag("add_prefix_space", absent: true) ? PrependScheme.Always : PrependScheme.Never,
            _ => throw node.Wrong("'prepend_scheme' must be always, first or never"),
        };
        if (draft.DropsSpaces && scheme != PrependScheme.Always)
        {
            throw node.Wrong("behind WhitespaceSplit only the 'prepend_scheme' always is supported");
        }

        draft.Metaspace = new MetaspaceNormalizer(mark[0], scheme, draft.DropsSpaces);
        if (node.GetFlag("split", absent: true))
        {
            draft.Splitters.Add(new MetaspaceSplitter(mark[0]));
        }
    }

    private sealed class Draft
    {
        public List<IWordSplitter> Splitters { get; } = [];

        public bool ByteLevel { get; set; }

        public MetaspaceNormalizer? Metaspace { get; set; }

        /// <summary>White space parts words and is in none of them.</summary>
        public bool DropsSpaces { get; set; }
    }
}
