"""Rain to render on clean photographs: profiles, and the renderer."""
