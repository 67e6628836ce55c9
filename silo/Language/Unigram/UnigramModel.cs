using System.Buffers;
using System.Globalization;
using System.Text;
using DeepSeekOrleans.Language.Models;
using DeepSeekOrleans.Language.Tokenization;

namespace DeepSeekOrleans.Language.Unigram;

/// <summary>
/// SentencePiece's unigram model: of all ways to write a word in pieces, the one with the highest sum of log probabilities (Kudo 2018,
/// "Subword Regularization"), found by Viterbi's algorithm in time proportional to the word.
/// </summary>
internal sealed class UnigramModel : IWordModel
{
    /// <summary>No piece is longer, in bytes: from each place of a text so many are read at most.</summary>
    private const int MaxPieceBytes = 512;

    /// <summary>An unknown character costs this much more than the least probable piece, as in SentencePiece.</summary>
    private const double UnknownPenalty = 10;

    private readonly double[] _scores;
    private readonly PieceTable _pieces;
    private readonly int[] _byteIds;
    private readonly int _unknownId;
    private readonly double _unknownScore;

    private UnigramModel(TokenizerFile file, Func<int, bool> isControl, int unknownId, bool byteFallback)
    {
        _scores = [.. file.Scores];
        _unknownId = unknownId;
        _unknownScore = _scores.Min() - UnknownPenalty;
        _pieces = new PieceTable(file.Vocabulary, Enumerable.Range(0, _scores.Length).Where(id => id != unknownId && !isControl(id)));
        _byteIds = byteFallback ? ReadByteIds(file.Vocabulary) : [];
    }

    /// <param name="isControl">Tokens that a word may never become: they come from control text only.</param>
    public static UnigramModel Read(TokenizerFile file, Func<int, bool> isControl)
    {
        if (file.Scores.Count == 0)
        {
            throw new ModelFormatException("tokenizer.json", "'model.vocab' of a Unigram model must be a list of pieces with scores");
        }

        int longest = Enumerable.Range(0, file.Scores.Count).Max(id => file.Vocabulary.TokenOf(id).Length);
        if (longest > MaxPieceBytes)
        {
            throw new ModelFormatException("tokenizer.json", $"'model.vocab': a piece has {longest} bytes; at most {MaxPieceBytes} are supported");
        }

        JsonNode unknown = file.ModelSetting("unk_id")
            ?? throw new ModelFormatException("tokenizer.json", "'model.unk_id' is missing; a Unigram model without an unknown token is not supported");
        int unknownId = unknown.AsInt();
        return unknownId >= 0 && unknownId < file.Scores.Count
            ? new UnigramModel(file, isControl, unknownId, file.ModelSetting("byte_fallback")?.AsFlag() ?? false)
            : throw unknown.Wrong("is not in the vocabulary");
    }

    public void Encode(ReadOnlySpan<char> word, List<int> ids)
    {
        if (word.IsEmpty)
        {
            return;
        }

        int capacity = Encoding.UTF8.GetByteCount(word);
        byte[] bytes = ArrayPool<byte>.Shared.Rent(capacity);
        Ending[] best = ArrayPool<Ending>.Shared.Rent(capacity + 1);
        try
        {
            int length = Encoding.UTF8.GetBytes(word, bytes);
            FindBest(bytes.AsSpan(0, length), best.AsSpan(0, length + 1));
            Append(bytes.AsSpan(0, length), best.AsSpan(0, length + 1), ids);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
            ArrayPool<Ending>.Shared.Return(best);
        }
    }

    private static int[] ReadByteIds(Vocabulary vocabulary)
    {
        int[] ids = [.. Enumerable.Range(0, 256).Select(
            value => vocabulary.Find(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>"))))];
        return ids.Contains(-1) ? [] : ids;
    }

    /// <summary>Fills in, for each end, the best way to come there from the beginning.</summary>
    private void FindBest(ReadOnlySpan<byte> text, Span<Ending> best)
    {
        best.Fill(new Ending(-1, 0, double.NegativeInfinity));
        best[0] = new Ending(0, 0, 0);
        int width;
        for (int start = 0; start < text.Length; start += width)
        {
            Rune.DecodeFromUtf8(text[start..], out _, out width);
            double score = best[start].Score;
            bool coversCharacter = false;
            PieceTable.Search search = _pieces.Begin();
            for (int end = start; end < text.Length && search.TryRead(text[end], out int id); end++)
            {
                if (id >= 0)
                {
                    Offer(ref best[end + 1], new Ending(start, id, score + _scores[id]));
                    coversCharacter |= end + 1 == start + width;
                }
            }

            if (!coversCharacter)
            {
                Offer(ref best[start + width], new Ending(start, _unknownId, score + _unknownScore));
            }
        }
    }

    // of two equal ways the first found stays, as in the reference
    private static void Offer(ref Ending best, Ending candidate)
    {
        if (best.Start < 0 || candidate.Score > best.Score)
        {
            best = candidate;
        }
    }

    private void Append(ReadOnlySpan<byte> text, ReadOnlySpan<Ending> best, List<int> ids)
    {
        int before = ids.Count;
        for (int end = text.Length; end > 0;)
        {
            Ending step = best[end];
            if (step.Id != _unknownId)
            {
                ids.Add(step.Id);
                end = step.Start;
                continue;
            }

            // unknown characters that follow each other are one unknown token
            int start = step.Start;
            while (start > 0 && best[start].Id == _unknownId)
            {
                start = best[start].Start;
            }

            AppendUnknown(text[start..end], ids);
            end = start;
        }

        ids.Reverse(before, ids.Count - before);
    }

    private void AppendUnknown(ReadOnlySpan<byte> characters, List<int> ids)
    {
        if (_byteIds.Length == 0)
        {
            ids.Add(_unknownId);
            return;
        }

        for (int i = characters.Length - 1; i >= 0; i--)
        {
            ids.Add(_byteIds[characters[i]]);
        }
    }

    /// <summary>A piece that ends somewhere: where it starts (-1 when none ends there), which it is, and the score of the whole way to its end.</summary>
    private readonly record struct Ending(int Start, int Id, double Score);
}
