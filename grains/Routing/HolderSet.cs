namespace DeepSeekOrleans.Grains.Routing;

/// <summary>The workers that hold one prefix. Almost all prefixes have a single holder, which costs no array.</summary>
internal struct HolderSet
{
    private int _first;
    private int[]? _all;

    public int Count { get; private set; }

    public readonly int this[int index] => _all is null ? _first : _all[index];

    public void Add(int worker)
    {
        if (Count == 0)
        {
            _first = worker;
        }
        else
        {
            _all ??= [_first, 0, 0, 0];
            if (Count == _all.Length)
            {
                Array.Resize(ref _all, 2 * Count);
            }

            _all[Count] = worker;
        }

        Count++;
    }

    /// <summary>Takes a worker out that is in; the order of the others changes.</summary>
    public void Remove(int worker)
    {
        Count--;
        if (_all is null)
        {
            return;
        }

        int place = _all.AsSpan(0, Count + 1).IndexOf(worker);
        _all[place] = _all[Count];
        if (Count == 1)
        {
            _first = _all[0];
            _all = null;
        }
    }
}
