using System.Diagnostics.CodeAnalysis;
using DeepSeekOrleans.Engine;
using DeepSeekOrleans.GrainInterfaces;

namespace DeepSeekOrleans.Grains.GpuWorkers;

/// <summary>
/// One sequence that the engine computes and the streams that read it: one, or several when equal requests came through several
/// frontends. It lives as long as any of them reads.
/// </summary>
internal sealed class OpenSequence(long id, AnswerKey? key, ServedForm model)
{
    // the whole answer so far, for whoever comes later; empty when nobody can
    private readonly List<int> _tokens = [];

    public long Id => id;

    /// <summary>Null when the streams of no other request may read it.</summary>
    public AnswerKey? Key => key;

    public List<OpenStream> Streams { get; } = [];

    /// <summary>Known with the first token.</summary>
    public StreamFacts? Facts { get; private set; }

    /// <summary>Begins the answer with what an earlier attempt has delivered.</summary>
    public void BeginAfter(int[] emittedIds)
    {
        if (key is not null)
        {
            _tokens.AddRange(emittedIds);
        }
    }

    /// <summary>Takes in what the engine has emitted, before the streams do.</summary>
    public void Add(EmittedToken token)
    {
        if (token.TokenId < 0)
        {
            return;
        }

        Facts ??= new StreamFacts(token.CachedTokens, model.Version, model.Precision, model.Provider);
        if (key is not null)
        {
            _tokens.Add(token.TokenId);
        }
    }

    /// <summary>The tokens that a stream lacks which has delivered some already; none when it is ahead.</summary>
    /// <returns>False when what it has delivered is not the beginning of this answer.</returns>
    public bool TryContinue(int[] emittedIds, [NotNullWhen(true)] out int[]? missing)
    {
        int known = Math.Min(emittedIds.Length, _tokens.Count);
        bool isSame = _tokens[..known].SequenceEqual(emittedIds.Take(known));
        missing = isSame ? [.. _tokens[known..]] : null;
        return isSame;
    }
}
