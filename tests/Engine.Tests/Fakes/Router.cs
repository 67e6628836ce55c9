using DeepSeekOrleans.Language;

namespace DeepSeekOrleans.Engine.Tests.Fakes;

/// <summary>Follows an engine's prefixes by their changes, as a router would, and compares what it believes with what the engine holds.</summary>
internal sealed class Router(CoreDriver driver, int block)
{
    private readonly Dictionary<int, HeldPrefix> _slots = [];
    private long _seen;

    public int Blocks => _slots.Values.Sum(held => held.Blocks.Length);

    /// <summary>Takes what has changed.</summary>
    public IReadOnlyList<HeldPrefix> Follow()
    {
        IReadOnlyList<HeldPrefix> changes = driver.Core.Catalog.Since(_seen);
        foreach (HeldPrefix held in changes)
        {
            Ensure.That(held.Change > _seen, "a change is told twice");
            _slots[held.Slot] = held;
        }

        _seen = Math.Max(_seen, changes.Select(held => held.Change).DefaultIfEmpty().Max());
        return changes;
    }

    /// <summary>Of a resident all whole blocks are known, of a running sequence nothing that its slot does not hold.</summary>
    public void Check()
    {
        for (int slot = 0; slot < driver.Core.Slots.Slots; slot++)
        {
            HeldPrefix held = _slots.GetValueOrDefault(slot, new HeldPrefix(slot, 0, null, []));
            if (driver.Core.Slots[slot] is { } live)
            {
                Ensure.That(held.Blocks.Length <= live.KvLength / block, "a running sequence is said to hold more than it does");
                Ensure.That(IsPrefix(held, live.Request.Tenant, live.Tokens), "a running sequence is said to hold another prefix");
            }
            else if (driver.Core.Prefixes[slot] is { } resident)
            {
                Ensure.That(held.Blocks.Length == resident.Length / block, "a resident's length is told wrongly");
                Ensure.That(IsPrefix(held, resident.Tenant, resident.Tokens), "a resident is said to hold another prefix");
            }
            else
            {
                Ensure.That(held.Tenant is null && held.Blocks.IsEmpty, "an empty slot is said to hold something");
            }
        }
    }

    private bool IsPrefix(HeldPrefix held, string tenant, int[] tokens)
    {
        ulong[] names = new ulong[held.Blocks.Length];
        PrefixChain.Write(tenant, tokens, block, names);
        return held.Tenant == tenant && held.Blocks.SequenceEqual(names);
    }
}
