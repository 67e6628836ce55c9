using DeepSeekOrleans.Engine.Scheduling;
using DeepSeekOrleans.Engine.Speculation;

namespace DeepSeekOrleans.Engine.Stepping;

/// <content>Several tokens from one run, where the only sequence that decodes repeats what it has read or said.</content>
internal sealed partial class EngineCore
{
    private readonly bool _speculates;
    private readonly VerificationCosts _verificationCosts = new();
    private Sequence? _drafting;
    private int _verified;
    private long _drafted;
    private long _accepted;

    /// <summary>See <see cref="EngineStatus.DraftedTokens"/>; readable from any thread.</summary>
    public long DraftedTokens => Volatile.Read(ref _drafted);

    /// <summary>See <see cref="EngineStatus.AcceptedTokens"/>; readable from any thread.</summary>
    public long AcceptedTokens => Volatile.Read(ref _accepted);

    /// <summary>Positions that residents leave free for a draft.</summary>
    private int DraftReserve => _speculates ? DraftLengths.Longest : 0;

    private static bool Speculates(EngineOptions options, ModelShape shape)
    {
        bool wanted = options.Speculation == EngineOptions.SpeculationByPromptLookup;
        return !wanted || shape.DecodesAsItPrefills
            ? wanted
            : throw new ArgumentException("speculation needs a model with an int8 KV cache: without one a draft cannot be verified exactly", nameof(options));
    }

    /// <summary>
    /// Looks for a draft that is worth a run. Beside other streams it is not: they would wait for a run that, over seven drafted tokens,
    /// costs as much as several of their own.
    /// </summary>
    private void Draft()
    {
        _drafting = null;
        if (!_speculates || LoneStream() is not { } lone)
        {
            return;
        }

        int tokens = Math.Min(lone.Request.MaxTokens - lone.OutputCount, Shape.MaxPrefillChunk) - 1;
        int positions = Capacity.Positions - Capacity.Claimed - Prefixes.Held;
        lone.Drafter ??= new Drafter(lone.Tokens.Length);
        lone.Drafter.Make(lone.SoFar, Math.Min(tokens, positions), _verificationCosts);
        _drafting = lone.Drafter.Length > 0 ? lone : null;
    }

    private Sequence? LoneStream()
    {
        Sequence? lone = null;
        for (int slot = 0; slot < Slots.Extent; slot++)
        {
            if (Slots[slot] is { IsPrefilling: false } stream)
            {
                if (lone is not null)
                {
                    return null;
                }

                lone = stream;
            }
        }

        return lone;
    }

    /// <summary>Each token from the logits behind the one before, as decode rows would, for as long as the draft was right.</summary>
    private void SampleVerified()
    {
        _verified = 0;
        if (LastPlan.Verified is not { } sequence)
        {
            return;
        }

        bool goesOn = true;
        while (goesOn)
        {
            int row = _verified++;
            bool failed = row >= _forward.VerifiedCount;
            SampledToken sampled = SampleRow(sequence, failed, IModelRunner.SeeLogits, failed ? [] : _forward.VerifiedLogits(row), sequence.OutputCount + row);
            _sampled.Add(sampled);
            goesOn = sampled.Finish is null && _verified < _forward.VerifiedCount && sampled.Token == LastPlan.VerifiedTokens[_verified];
        }
    }

    /// <summary>Positions behind the last right token are free again: what was written there is overwritten before it is read.</summary>
    private void CommitVerified()
    {
        if (LastPlan.Verified is { } sequence)
        {
            sequence.KvLength += _verified;
            Volatile.Write(ref _drafted, _drafted + LastPlan.DraftLength);
            Volatile.Write(ref _accepted, _accepted + _verified - 1);
        }
    }
}
